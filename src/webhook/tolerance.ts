import { type Duration, parseDuration } from "../config/duration.ts";
import type { ConfigFault } from "../config/fault.ts";

/** What presets are made with whose senders sign the time. */
export interface ToleranceOptions {
  /** How far the sender's clock may be from ours, so that a request that was overheard cannot be sent again later; default `"5m"`. */
  tolerance?: Duration;
}

const defaultMs = 300_000;

/** The faults of a tolerance. */
export function toleranceFaults({ tolerance }: ToleranceOptions): ConfigFault[] {
  if (tolerance === undefined || (parseDuration(tolerance) ?? 0) > 0) return [];
  return [{ path: "tolerance", problem: "is not a duration above zero", remedy: 'write one such as "5m"' }];
}

/** Why seconds since 1970, as a sender wrote them, are not now; or undefined. */
export function staleness(seconds: string, date: number, { tolerance }: ToleranceOptions): string | undefined {
  if (!/^\d{1,12}$/.test(seconds)) return "its timestamp is none";
  const apartMs = Math.abs(date - Number(seconds) * 1000);
  return apartMs <= (parseDuration(tolerance) ?? defaultMs) ? undefined : `its timestamp is ${Math.round(apartMs / 1000)} s off`;
}
