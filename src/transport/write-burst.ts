/** What is written at the end of a turn of the event loop. */
export interface HeldWrite {
  writeNow(): void;
}

let held: HeldWrite[] = [];

/**
 * Writes at the end of this turn of the event loop, together with all others of the turn.
 *
 * Each write to a peer that sleeps has to wake its processor; one that is still busy with the last write takes the next for a
 * fraction of that.
 */
export function writeInBurst(write: HeldWrite): void {
  held.push(write);
  if (held.length === 1) setImmediate(release);
}

function release(): void {
  const burst = held;
  held = [];
  for (const write of burst) write.writeNow();
}
