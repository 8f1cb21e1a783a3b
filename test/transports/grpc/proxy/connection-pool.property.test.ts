import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionPool, type ConnectionLimits, type Pooled } from "../../../../transports/grpc/proxy/connection-pool.ts";

type Event =
  | { kind: "take" }
  | { kind: "release" | "goAway" | "lose"; at: number }
  | { kind: "allow"; at: number; calls: number }
  | { kind: "wait"; ms: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: "take" } as const) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("release" as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("goAway" as const, "lose" as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("allow" as const), at: fc.nat(100), calls: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(400) }) },
);
const limits: fc.Arbitrary<ConnectionLimits> = fc.record({
  connections: fc.integer({ min: 1, max: 3 }),
  callsEach: fc.integer({ min: 1, max: 4 }),
  idleMs: fc.constantFrom(100, Infinity),
  lifetimeMs: fc.constantFrom(500, Infinity),
});

/** A pool of numbered connections, and what the law says of them. */
class Story {
  readonly #limits: ConnectionLimits;
  readonly pool: ConnectionPool<number>;
  readonly closed = new Set<number>();
  readonly breaches: string[] = [];
  readonly running: Pooled<number>[] = [];
  now = 0;
  #opened = 0;

  constructor(limitsOfPool: ConnectionLimits) {
    this.#limits = limitsOfPool;
    this.pool = new ConnectionPool(
      limitsOfPool,
      () => this.#opened++,
      (connection) => {
        if (this.closed.has(connection)) this.breaches.push(`${connection} was closed twice`);
        if (this.running.some((one) => one.connection === connection)) this.breaches.push(`${connection} was closed under a call`);
        this.closed.add(connection);
      },
    );
  }

  happen(one: Event): void {
    const { pool } = this;
    const connection = "at" in one ? pool.members[one.at % (pool.members.length || 1)] : undefined;
    if (one.kind === "take") this.#take();
    else if (one.kind === "release") this.release(one.at);
    else if (one.kind === "wait") this.#wait(one.ms);
    else if (connection === undefined) return;
    else if (one.kind === "allow") connection.maxCalls = one.calls;
    else if (one.kind === "goAway") pool.leave(connection);
    else pool.lost(connection);
  }

  release(at: number): void {
    const [pooled] = this.running.splice(at % (this.running.length || 1), 1);
    if (pooled !== undefined) this.pool.release(pooled, this.now);
  }

  check(): void {
    for (const { connection, calls } of this.pool.members) {
      const counted = this.running.filter((one) => one.connection === connection).length;
      if (calls !== counted) this.breaches.push(`${connection} has ${counted} calls and is said to have ${calls}`);
      if (this.closed.has(connection)) this.breaches.push(`${connection} is closed and still there`);
    }
    const open = this.pool.members.filter(({ isLeaving }) => !isLeaving);
    if (open.length > this.#limits.connections && open.some(({ calls }) => calls === 0))
      this.breaches.push(`${open.length} connections are open, and some have no call`);
    if (this.pool.members.some(({ isLeaving, calls }) => isLeaving && calls === 0))
      this.breaches.push("one that is leaving has no call left");
  }

  #take(): void {
    const before = new Map(this.pool.members.map((one) => [one, one.calls]));
    const pooled = this.pool.take(this.now);
    this.running.push(pooled);
    const had = before.get(pooled) ?? 0;
    if (pooled.isLeaving) this.breaches.push(`${pooled.connection} took a call while it was leaving`);
    if (had >= Math.min(pooled.maxCalls, this.#limits.callsEach)) this.breaches.push(`${pooled.connection} took a call too many`);
    const hadRoom = [...before].some(([one, calls]) => !one.isLeaving && calls < Math.min(one.maxCalls, this.#limits.callsEach));
    const open = [...before.keys()].filter(({ isLeaving }) => !isLeaving).length;
    if (!before.has(pooled) && hadRoom && open >= this.#limits.connections) this.breaches.push("one was opened although others had room");
  }

  #wait(ms: number): void {
    this.now += ms;
    this.pool.sweep(this.now);
    for (const { calls, idleSince, openedAt, isLeaving, connection } of this.pool.members) {
      if (calls === 0 && this.now - idleSince >= this.#limits.idleMs) this.breaches.push(`${connection} has been idle for too long`);
      if (!isLeaving && this.now - openedAt >= this.#limits.lifetimeMs) this.breaches.push(`${connection} has lived for too long`);
    }
  }
}

describe("the connections to a server", () => {
  it("keep their limits and every call, whatever happens", () => {
    fc.assert(
      fc.property(limits, fc.array(event, { maxLength: 80, size: "max" }), (given, events) => {
        const story = new Story(given);
        for (const one of events) {
          story.happen(one);
          story.check();
        }
        while (story.running.length > 0) story.release(0);
        story.check();
        story.pool.close();
        expect(story.breaches).toEqual([]);
        expect(story.pool.members).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
