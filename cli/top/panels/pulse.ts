import type { LiveWorker } from "../live/live.ts";
import type { Piece } from "../table/column.ts";

/** The heartbeat of a worker: its last samples, and a heart that beats when an answer has come; then the beats that it missed. */
export function pulse({ beats, missedBeats, pulse, hasBeaten, state }: LiveWorker, isBeating: boolean): Piece[] {
  if (beats < 0) return [{ text: "no heartbeat", tone: "quiet" }];
  const trace: Piece[] = pulse.slice(0, -1).map((wasMissed) => (wasMissed ? { text: "×", tone: "bad" } : { text: "·", tone: "quiet" }));
  const isSilent = missedBeats > 0 || state === "down";
  const heart: Piece = isSilent ? { text: "♡", tone: "bad" } : { text: "♥", tone: hasBeaten && isBeating ? "good" : "quiet" };
  const missed: Piece[] = missedBeats > 0 ? [{ text: ` ${missedBeats} missed`, tone: "bad" }] : [];
  return [...trace, heart, ...missed];
}
