import { type GateError, Job, Metadata, type ReplySink } from "unigate/transport";
import type { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { JobRun } from "../../src/dispatch/run.ts";
import type { Endpoint } from "../../src/registry/endpoint.ts";
import { RecordingSink } from "./recording-sink.ts";
import { type Call, type Sent, type WorldLedger, WorldWorker } from "./world-worker.ts";

/** Two ticks of the deadline wheel, and the rounding of a timer to whole ms. */
const deadlineSlackMs = 17;

/** How often the story looks while time passes: what begins in between is seen that much later. */
export const lookMs = 20;

/** What the rules depend on. */
export interface WorldRules {
  attempts: number;
  isFifo: boolean;
  /** Jobs of one target start in the order in which they came. */
  isOrdered: boolean;
}

/** Writes down every breach of the laws that can be seen from outside a dispatcher: at its workers and at its callers. */
export class DispatchWorld implements WorldLedger {
  readonly breaches: string[] = [];
  readonly calls: Call[] = [];
  readonly workers: WorldWorker[] = [];
  readonly rules: WorldRules;
  readonly #callOf = new Map<Job, Call>();
  readonly #lastStarted = new Map<string, number>();

  constructor(rules: WorldRules) {
    this.rules = rules;
  }

  hire(id: string): WorldWorker {
    const worker = new WorldWorker(this, id);
    this.workers.push(worker);
    return worker;
  }

  /** Sends a job; `hears` runs inside the caller's sink, as a caller that acts at once would. */
  call(
    dispatcher: Dispatcher,
    init: {
      target: string;
      isIdempotent: boolean;
      version: string | undefined;
      deadline: number;
      streamsInput: boolean;
    },
    hears: { onEnd: () => void; onChunk: () => void },
  ): void {
    const { target, version } = init;
    const sink = new CallerSink(hears);
    const metadata = Metadata.from(version === undefined ? {} : { "x-api-version": version });
    const job = new Job({
      ...init,
      idempotent: init.isIdempotent,
      metadata,
      payload: new Uint8Array(0),
      contentType: "text/plain",
      streamsInput: true,
    });
    const isIdempotent = init.isIdempotent || target.startsWith("Safe.");
    const call: Call = {
      index: this.calls.length,
      target,
      isIdempotent,
      version,
      sink,
      control: undefined,
      sends: 0,
      starts: 0,
      inputs: 0,
      open: undefined,
      calledAt: dispatcher.now(),
      deadline: init.deadline,
      orphanedSince: undefined,
      isJudged: false,
    };
    this.calls.push(call);
    this.#callOf.set(job, call);
    call.control = dispatcher.dispatch(job, sink);
  }

  /** The caller sends one more piece of input. */
  input(call: Call | undefined): void {
    if (call === undefined || call.sink.hasEnded) return;
    call.inputs++;
    call.control?.input?.(new Uint8Array(1));
  }

  /** A worker has been given a job: was that allowed? */
  reached(worker: WorldWorker, job: Job, sink: ReplySink): Sent {
    const call = this.#callOf.get(job) as Call;
    const endpoint = worker.endpoint as Endpoint;
    const name = `job ${call.index} (${call.target})`;
    if (worker.isDead) this.breaches.push(`${name} was sent to a dead worker`);
    if (endpoint.state !== "ready") this.breaches.push(`${name} was sent to a worker that is ${endpoint.state}`);
    if (endpoint.inFlight > endpoint.capacity) this.breaches.push(`${name} is more than the capacity of ${endpoint.id}`);
    if (!endpoint.methods.has(call.target)) this.breaches.push(`${name} was sent to a worker that does not serve it`);
    if (call.version !== undefined && endpoint.version !== call.version) this.breaches.push(`${name} ran on another version`);
    if (call.sink.hasEnded) this.breaches.push(`${name} was sent after its end`);
    if (call.open !== undefined) this.breaches.push(`${name} runs twice at once`);
    if (call.starts >= (call.isIdempotent ? this.rules.attempts : 1)) this.breaches.push(`${name} was sent again after it had started`);
    if (this.rules.isFifo && worker.open.some((one) => one.call.target === call.target))
      this.breaches.push(`${name} shares its fifo worker`);
    // In the order in which they came, those that come back included; pinned ones may wait for their version.
    if (this.rules.isOrdered && call.version === undefined) {
      for (const other of this.#waiting(call.target))
        if (other.index < call.index && other.version === undefined) this.breaches.push(`job ${other.index} was overtaken by ${name}`);
      if (call.sends === 0 && call.index < (this.#lastStarted.get(call.target) ?? -1)) this.breaches.push(`${name} was overtaken`);
      if (call.sends === 0) this.#lastStarted.set(call.target, call.index);
    }
    call.orphanedSince = undefined;
    call.sends++;
    return (call.open = { call, worker, sink, hasReplied: false, inputs: 0, isCancelled: false });
  }

  /** Looks at what must hold between any two events. */
  check(dispatcher: Dispatcher, queueBound: number): void {
    const running = new Map<string, number>();
    for (const { endpoint, open } of this.workers) {
      if (endpoint !== undefined && endpoint.inFlight !== open.length)
        this.breaches.push(`${endpoint.id} runs ${open.length} jobs and is said to run ${endpoint.inFlight}`);
      for (const { call, isCancelled, inputs } of open) {
        if (!call.sink.hasEnded && inputs !== call.inputs)
          this.breaches.push(`job ${call.index} has sent ${call.inputs} pieces of input, its worker has ${inputs}`);
        running.set(call.target, (running.get(call.target) ?? 0) + 1);
        if (call.sink.hasEnded && !isCancelled) this.breaches.push(`job ${call.index} is over, and its worker has not been told`);
      }
    }
    const unended = this.calls.filter(({ sink }) => !sink.hasEnded);
    if (dispatcher.open.size !== unended.length) this.breaches.push(`${unended.length} jobs are open, ${dispatcher.open.size} are counted`);
    for (const [name, target] of dispatcher.targets) {
      if (target.running !== (running.get(name) ?? 0)) this.breaches.push(`${name} is said to run ${target.running} jobs`);
      const waiting = this.#waiting(name);
      if (target.queue.size !== waiting.length) this.breaches.push(`${name}: ${waiting.length} wait, ${target.queue.size} are counted`);
      // A job that was running and may run again was accepted long ago: it returns to the queue whatever its bound.
      if (waiting.filter(({ sends }) => sends === 0).length > queueBound) this.breaches.push(`the queue of ${name} exceeds its bound`);
      for (const { index, version } of waiting) {
        const isFree = (endpoint: Endpoint): boolean =>
          (version === undefined || endpoint.version === version) && !(this.rules.isFifo && this.#runsOn(endpoint, name));
        if (target.pool.available.some(isFree)) this.breaches.push(`job ${index} waits although a worker is free`);
      }
    }
  }

  /** Looks at what must have happened by `now`. */
  checkTime(
    now: number,
    { dispatcher, timeoutMs, waitForWorkerMs }: { dispatcher: Dispatcher; timeoutMs: number; waitForWorkerMs: number },
  ): void {
    for (const call of this.calls) {
      if (call.sink.hasEnded) {
        this.#checkGivenUp(call, now, waitForWorkerMs);
        continue;
      }
      const due = Math.max(Math.min(call.deadline, call.calledAt + timeoutMs), call.calledAt) + deadlineSlackMs;
      if (now > due) this.breaches.push(`job ${call.index} has not ended ${now - due} ms after its deadline`);
    }
    for (const [name, target] of dispatcher.targets) {
      for (const run of target.queue) {
        const call = this.#callOf.get(run.job) as Call;
        const canRun = target.pool.members.some(
          ({ state, version }) => state === "ready" && (call.version === undefined || call.version === version),
        );
        call.orphanedSince = canRun ? undefined : (call.orphanedSince ?? now);
        if (call.orphanedSince !== undefined && now > call.orphanedSince + waitForWorkerMs)
          this.breaches.push(`job ${call.index} of ${name} waits for a worker longer than its route says`);
      }
    }
  }

  #waiting(target: string): Call[] {
    return this.calls.filter(
      (call) => call.target === target && !call.sink.hasEnded && call.control instanceof JobRun && call.control.isQueued,
    );
  }

  #checkGivenUp(call: Call, now: number, waitForWorkerMs: number): void {
    if (call.isJudged) return;
    call.isJudged = true;
    if (call.sink.error?.message.startsWith("no worker of") !== true) return;
    if (call.orphanedSince === undefined || now < call.orphanedSince + waitForWorkerMs - lookMs)
      this.breaches.push(`job ${call.index} was given up before its time`);
  }

  #runsOn(endpoint: Endpoint, target: string): boolean {
    return this.workers.some((worker) => worker.endpoint === endpoint && worker.open.some(({ call }) => call.target === target));
  }
}

class CallerSink extends RecordingSink {
  readonly #hears: { onEnd: () => void; onChunk: () => void };

  constructor(hears: { onEnd: () => void; onChunk: () => void }) {
    super();
    this.#hears = hears;
  }

  override chunk(payload: Uint8Array): boolean {
    const hasRoom = super.chunk(payload);
    this.#hears.onChunk();
    return hasRoom;
  }

  override end(payload?: Uint8Array): void {
    super.end(payload);
    this.#hears.onEnd();
  }

  override fail(error: GateError): void {
    super.fail(error);
    this.#hears.onEnd();
  }
}
