import type { Live, LiveEvent } from "./live.ts";

/** The picture with an event that the gate itself could not tell: that it was lost, and found again. */
export function noteEvent(live: Live, kind: LiveEvent["kind"], text: string, now: number): Live {
  return { ...live, events: [...live.events, { at: now, kind, worker: "", text }] };
}
