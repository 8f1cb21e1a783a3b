import type { LiveWorker } from "../live/live.ts";
import type { Piece } from "../table/column.ts";

/** The heartbeat of a worker in `width` columns: its last samples, a heart that beats when an answer has come, the beats that it missed. */
export function pulse({ beats, missedBeats, pulse, hasBeaten, state }: LiveWorker, isBeating: boolean, width: number): Piece[] {
  if (beats < 0) return [{ text: "none", tone: "quiet" }];
  const missed = missedBeats > 0 ? ` ${missedBeats} missed` : "";
  const room = Math.max(0, width - 1 - missed.length);
  const samples = pulse.slice(0, -1).slice(Math.max(0, pulse.length - 1 - room));
  const isSilent = missedBeats > 0 || state === "down";
  const beatTone = hasBeaten && isBeating ? "good" : "quiet";
  return [
    ...samples.map((wasMissed): Piece => (wasMissed ? { text: "×", tone: "bad" } : { text: "·", tone: "quiet" })),
    isSilent ? { text: "♡", tone: "bad" } : { text: "♥", tone: beatTone },
    { text: missed, tone: "bad" },
  ];
}
