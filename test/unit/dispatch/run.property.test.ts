import fc from "fast-check";
import { consistentHash, fifo, leastConnections, p2c, random, roundRobin, type Strategy, version, weightedRoundRobin } from "unigate";
import { GateError, seededRandom } from "unigate/transport";
import { expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import { DispatchWorld, lookMs } from "../../support/dispatch-world.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import type { WorldWorker } from "../../support/world-worker.ts";

const strategies: Record<string, () => Strategy> = {
  roundRobin,
  weightedRoundRobin,
  random: () => random({ random: seededRandom(1) }),
  leastConnections,
  fifo,
  p2c: () => p2c({ random: seededRandom(2), clock: new ManualClock() }),
  consistentHash,
  version: () => version({ prefer: "v2" }),
};

/** Every method of `Safe` may run more than once; `Once` must not. `Never` is served by nobody. */
const served = fc.subarray(["Once.a", "Once.b", "Safe.a"], { minLength: 1 });
const targets = fc.constantFrom("Once.a", "Once.a", "Once.b", "Safe.a", "Never.a");
const versions = fc.constantFrom(undefined, undefined, undefined, "v1", "v2");
const mood = fc.constantFrom("hold" as const, "hold" as const, "end" as const, "refuse" as const, "fail" as const, "chunk" as const);

/** What can happen to a gate, in any order; the numbers choose among what is there. */
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      target: targets,
      isIdempotent: fc.boolean(),
      version: versions,
      inMs: fc.option(fc.integer({ min: -5, max: 400 }), { nil: Infinity }),
      streamsInput: fc.boolean(),
      // What the caller does inside its own sink: call once more or cancel another job at the end, or leave at the first chunk.
      then: fc.constantFrom("nothing" as const, "nothing" as const, "call" as const, "cancel" as const, "leave" as const),
    }),
  },
  { weight: 9, arbitrary: fc.record({ kind: fc.constantFrom("end", "head", "chunk", "fail", "break", "refuse", "full"), at: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "input", "endInput", "resume"), at: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      methods: served,
      version: versions,
      capacity: fc.integer({ min: 1, max: 3 }),
      mood,
      letsGoAtOnce: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      at: fc.nat(),
      methods: served,
      version: versions,
      capacity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mood" as const), at: fc.nat(), mood }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("leave", "down", "up", "drain", "withdraw", "lost"), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 500 }) }) },
);
type Event = typeof event extends fc.Arbitrary<infer One> ? One : never;

/** `RUNS=5000` in the environment makes a long hunt of it. */
const numRuns = Number(process.env["RUNS"] ?? 150);
const queueBound = 4;
const timeoutMs = 800;
const waitForWorkerMs = 300;

it.each(Object.keys(strategies))(
  "under %s, whatever happens: one end per job, no place lost, no order broken, no deadline missed",
  (name) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: "max" }), fc.constantFrom(0, 200), (events, settleMs) => {
        const story = new Story(name, settleMs);
        for (const one of events) {
          story.happen(one);
          story.check();
        }
        story.finish();
        expect(story.world.breaches).toEqual([]);
      }),
      { numRuns },
    );
  },
);

/** One gate with its callers and workers, and what happens to it. */
class Story {
  readonly bench: DispatchBench;
  readonly world: DispatchWorld;
  readonly #joined: WorldWorker[] = [];

  constructor(name: string, settleMs: number) {
    const strategy = strategies[name]!();
    this.bench = new DispatchBench(
      [{ pattern: "*", strategy, queue: queueBound, timeoutMs, waitForWorkerMs, retry: { attempts: 3 } }],
      settleMs,
    );
    // While the gate settles, a caller that calls again inside its own sink may pass those who still wait to be admitted.
    this.world = new DispatchWorld({ attempts: 3, isFifo: name === "fifo", isOrdered: settleMs === 0 });
  }

  happen(one: Event): void {
    const { bench, world } = this;
    if (one.kind === "call") return this.#call(one, 2);
    if (one.kind === "wait") return this.#wait(one.ms);
    if (one.kind === "join") {
      const worker = world.hire("w");
      Object.assign(worker, { mood: one.mood, letsGoAtOnce: one.letsGoAtOnce });
      this.#joined.push(worker);
      worker.endpoint = bench.registry.join(worker, offerOf(one));
      return;
    }
    if (["cancel", "input", "endInput", "resume"].includes(one.kind)) {
      const call = pick(world.calls, one.at);
      const control = call?.control;
      if (one.kind === "cancel") control?.cancel();
      else if (one.kind === "input") world.input(call);
      else if (one.kind === "endInput") control?.endInput?.();
      else control?.resume();
      return;
    }
    const worker = pick(this.#joined, one.at);
    if (worker?.endpoint === undefined) return;
    if (one.kind === "offer") bench.registry.offer(worker.endpoint, offerOf(one));
    else if (one.kind === "mood") worker.mood = one.mood;
    else this.#befall(worker, one.kind, one.at);
  }

  #befall(worker: WorldWorker, kind: string, at: number): void {
    const { registry } = this.bench;
    const endpoint = worker.endpoint!;
    const sent = pick(worker.open, at >>> 4);
    if (kind === "down") endpoint.setState("down");
    else if (kind === "up") endpoint.setState("ready");
    else if (kind === "drain") endpoint.setState("draining");
    else if (kind === "withdraw") registry.withdraw(endpoint, [...endpoint.methods.keys()].slice(0, 1));
    else if (kind === "lost" || kind === "leave") {
      // Silent for too long, or gone: first nothing more is sent there, then its jobs end.
      endpoint.setState("down");
      worker.isDead = kind === "leave";
      for (const one of worker.open.slice()) worker.fail(one, "unavailable");
      if (kind === "lost") return;
      this.#joined.splice(this.#joined.indexOf(worker), 1);
      registry.leave(endpoint);
    } else if (sent === undefined) return;
    else if (kind === "end") worker.end(sent);
    else if (kind === "head") worker.head(sent);
    else if (kind === "chunk") worker.chunk(sent);
    else if (kind === "fail") worker.fail(sent, "unavailable");
    else if (kind === "break") worker.fail(sent, "internal");
    else if (kind === "refuse") worker.fail(sent, "unavailable", true);
    else worker.fail(sent, "resource_exhausted", true);
  }

  #call(one: Extract<Event, { kind: "call" }>, depth: number): void {
    const { world, bench } = this;
    const index = world.calls.length;
    const deadline = bench.clock.now() + one.inMs;
    world.call(
      bench.dispatcher,
      { ...one, deadline },
      {
        onEnd: () => {
          if (one.then === "call" && depth > 0) this.#call(one, depth - 1);
          if (one.then === "cancel") world.calls[index - 1]?.control?.cancel();
        },
        onChunk: () => {
          if (one.then === "leave") world.calls[index]?.control?.cancel();
        },
      },
    );
  }

  /** Time passes in small steps, so that a promise which is kept late is seen. */
  #wait(ms: number): void {
    for (let left = ms; left > 0; left -= lookMs) {
      this.bench.clock.advance(Math.min(lookMs, left));
      this.check();
    }
  }

  check(): void {
    this.world.check(this.bench.dispatcher, queueBound);
    this.world.checkTime(this.bench.clock.now(), { dispatcher: this.bench.dispatcher, timeoutMs, waitForWorkerMs });
  }

  finish(): void {
    const { bench, world } = this;
    for (const worker of this.#joined.slice()) {
      worker.mood = "end";
      this.#befall(worker, "leave", 0);
      this.check();
    }
    // Longer than a turn of the deadline wheel: its timer must have found nothing left to wait for.
    this.#wait(timeoutMs + 100);
    bench.clock.advance(10_000);
    for (const { sink, index } of world.calls) {
      for (const breach of sink.breaches) world.breaches.push(`job ${index}: ${breach}`);
      if (sink.ends !== 1) world.breaches.push(`job ${index} heard ${sink.ends} ends`);
    }
    for (const { endpoint } of world.workers) if (endpoint?.inFlight !== 0) world.breaches.push(`${endpoint?.id} is left with jobs`);
    if (bench.dispatcher.open.size !== 0) world.breaches.push(`${bench.dispatcher.open.size} jobs are left open`);
    if (bench.clock.timers !== 0) world.breaches.push(`${bench.clock.timers} timers are left`);
  }
}

function offerOf(one: { methods: string[]; capacity: number; version: string | undefined }): {
  capacity: number;
  version?: string;
  methods: { name: string; idempotent: boolean }[];
} {
  const methods = one.methods.map((name) => ({ name, idempotent: name.startsWith("Safe.") }));
  return { capacity: one.capacity, methods, ...(one.version === undefined ? {} : { version: one.version }) };
}

function pick<T>(list: readonly T[], at: number): T | undefined {
  return list.length === 0 ? undefined : list[at % list.length];
}

it("a job that was started and is not idempotent reaches one worker only, however that one ends", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("unavailable", "internal", "aborted", "resource_exhausted" as const),
      fc.integer({ min: 2, max: 5 }),
      (code, count) => {
        const bench = new DispatchBench();
        const joined = Array.from({ length: count }, (_, at) => bench.join(`w${at}`));
        bench.call();
        const runner = joined.find(({ worker }) => worker.sent.length > 0)!;
        runner.worker.fail(runner.worker.sent[0]!, new GateError(code, "no"));
        expect(joined.reduce((sum, { worker }) => sum + worker.sent.length, 0)).toBe(1);
      },
    ),
  );
});
