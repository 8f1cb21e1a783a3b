import { type ConfigFault, type Duration, parseDuration } from "unigate/transport";
import type { RoomLimits } from "./call-room.ts";
import type { ConnectionLimits } from "./connection-pool.ts";

/** How many calls, and connections, each server of an upstream has. */
export interface PoolOptions {
  /** Calls at once on each server; default 1000. */
  size?: number;
  /** `"strict"`, the default: never more. `"loose"`: once every server is full, up to `overflow` times as many, until calls end. */
  mode?: "strict" | "loose";
  /** Default 5; for `"loose"`. */
  overflow?: number;
  /** How long a call waits while every server is full, then `resource_exhausted`; default `"10s"`. */
  acquireTimeout?: Duration;
  /** HTTP/2 connections to each server that calls are spread over, opened as they are needed; default 2. More open while these are full. */
  connections?: number;
  /** A connection without a call closes after it; default `"5m"`, 0 for never. */
  idle?: Duration;
  /** A connection takes no new calls after it, and closes with its last one; default 0: it may live for ever. */
  maxLifetime?: Duration;
  /** A connection with calls that has been silent for it is pinged, and given up when nothing comes back in 20 s; default `"5m"`, 0 for never. Most servers refuse more. */
  keepalive?: Duration;
}

/** The limits of a pool, in numbers. */
export interface PoolLimits {
  room: RoomLimits;
  connections: ConnectionLimits;
  acquireMs: number;
  keepaliveMs: number;
}

const keys = ["size", "mode", "overflow", "acquireTimeout", "connections", "idle", "maxLifetime", "keepalive"];

/** The limits that `options` mean. */
export function poolLimits(options: PoolOptions = {}): PoolLimits {
  const { size = 1000, mode = "strict", overflow = 5, acquireTimeout = "10s", connections = 2 } = options;
  return {
    room: { size, limit: mode === "loose" ? Math.floor(size * overflow) : size },
    connections: {
      connections: Math.min(connections, size),
      callsEach: Math.ceil(size / connections),
      idleMs: limitMs(options.idle, "5m"),
      lifetimeMs: limitMs(options.maxLifetime, 0),
    },
    acquireMs: parseDuration(acquireTimeout) ?? 0,
    keepaliveMs: limitMs(options.keepalive, "5m"),
  };
}

function limitMs(value: Duration | undefined, fallback: Duration): number {
  return parseDuration(value ?? fallback) || Infinity;
}

/** Every fault of a `pool`. */
export function poolFaults(path: string, options: PoolOptions): ConfigFault[] {
  if (typeof options !== "object" || options === null) return [{ path, problem: "is not an object", remedy: "write { size: 32 }" }];
  const faults: ConfigFault[] = [];
  for (const name of ["size", "connections"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      faults.push({ path: `${path}.${name}`, problem: `${JSON.stringify(value)} is not a whole number from 1`, remedy: "write one" });
  }
  for (const name of ["acquireTimeout", "idle", "maxLifetime", "keepalive"] as const) {
    if (options[name] !== undefined && parseDuration(options[name]) === undefined)
      faults.push({ path: `${path}.${name}`, problem: "is not a duration", remedy: 'write one such as "30s"' });
  }
  const { mode, overflow } = options;
  if (mode !== undefined && mode !== "strict" && mode !== "loose")
    faults.push({ path: `${path}.mode`, problem: `${JSON.stringify(mode)} is not a mode`, remedy: 'write "strict" or "loose"' });
  if (overflow !== undefined && !(Number.isFinite(overflow) && overflow >= 1))
    faults.push({ path: `${path}.overflow`, problem: "is not a factor from 1", remedy: "write a number such as 5" });
  if (overflow !== undefined && mode !== "loose")
    faults.push({ path: `${path}.overflow`, problem: "means nothing in a strict pool", remedy: 'write mode: "loose", or leave it out' });
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}
