import type { Clock, MethodInfo } from "unigate/transport";
import type { Keys } from "../keys.ts";
import type { Commands } from "../server/commands.ts";
import { lostAfterBeats, type RedisSettings } from "../settings.ts";
import { beatScript, leaveScript } from "./beat-script.ts";
import { type Member, packMember, packMethods, readMember, readMethods } from "./member.ts";

/** How long a service without workers is known, in ms: its jobs wait for one to come back. */
const rememberedMs = 24 * 60 * 60 * 1000;

/** What a participant tells the table with each beat. */
export interface Announcement {
  /** None: it listens, and is not listed. */
  member?: Member;
  /** The methods of each service that it serves. */
  services: ReadonlyMap<string, readonly MethodInfo[]>;
}

/** Everybody who shares this Redis under one prefix, and what there is to call. */
export class Table {
  readonly #commands: Commands;
  readonly #keys: Keys;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  /** Redis' time minus ours, in ms: every deadline in Redis is on its clock. */
  #offset = 0;
  /** By how much that may be wrong, in ms. */
  #offsetError = Infinity;
  #version = -1;
  /** The version that was read last. */
  #readVersion = -1;
  members: ReadonlyMap<string, Member> = new Map();
  /** Every known method, by service; of services without a worker too. */
  catalogue: ReadonlyMap<string, readonly MethodInfo[]> = new Map();

  constructor(commands: Commands, keys: Keys, settings: RedisSettings, clock: Clock) {
    this.#commands = commands;
    this.#keys = keys;
    this.#leaseMs = settings.heartbeatMs * lostAfterBeats;
    this.#clock = clock;
  }

  /** A time on our clock as one on Redis', in whole ms. */
  toRedis(time: number): number {
    return Math.round(time + this.#offset);
  }

  /** A time on Redis' clock as one on ours, in ms. */
  toOurs(time: number): number {
    return time - this.#offset;
  }

  /** Renews the lease of `id`; true when the table has changed since it was read last. */
  async beat(id: string, { member, services }: Announcement): Promise<boolean> {
    const { leases, members, catalogue, served, version, lastBeat } = this.#keys;
    const declared = [...services].flatMap(([service, methods]) => [service, packMethods(methods)]);
    const before = this.#clock.now();
    const reply = await this.#commands.script(
      beatScript,
      [leases, members, catalogue, served, version, lastBeat],
      [id, this.#leaseMs, member === undefined ? "" : packMember(member), rememberedMs, ...declared],
    );
    const after = this.#clock.now();
    const [seconds, micros, current] = reply as [number, number, number];
    this.#compareClocks(seconds * 1000 + micros / 1000, before, after);
    this.#version = current;
    return this.#version !== this.#readVersion;
  }

  /**
   * The reply was made halfway between question and answer, give or take half of the time between them: so the quickest answers count,
   * as in NTP (RFC 5905, section 10, the clock filter), and one that contradicts what we believe, after a failover.
   */
  #compareClocks(redis: number, before: number, after: number): void {
    const offset = redis - (before + after) / 2;
    const error = (after - before) / 2;
    this.#offsetError *= 1.1;
    if (error > this.#offsetError && Math.abs(offset - this.#offset) <= error + this.#offsetError) return;
    this.#offset = offset;
    this.#offsetError = error;
  }

  /** Reads all of it anew. */
  async read(): Promise<void> {
    const version = this.#version;
    const [members, catalogue] = await Promise.all([
      this.#commands.run("HGETALL", this.#keys.members),
      this.#commands.run("HGETALL", this.#keys.catalogue),
    ]);
    this.members = mapOf(members, readMember);
    this.catalogue = mapOf(catalogue, readMethods);
    this.#readVersion = version;
  }

  async leave(id: string): Promise<void> {
    await this.#commands.script(leaveScript, [this.#keys.leases, this.#keys.members, this.#keys.version], [id]);
  }
}

/** The reply of HGETALL: field, value, field, value, …; foreign values are left out. */
function mapOf<Value>(reply: unknown, read: (bytes: Uint8Array) => Value | undefined): Map<string, Value> {
  const map = new Map<string, Value>();
  const flat = Array.isArray(reply) ? (reply as Buffer[]) : [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const value = read(flat[at + 1] as Buffer);
    if (value !== undefined) map.set((flat[at] as Buffer).toString(), value);
  }
  return map;
}
