/** What is written at the end of a turn of the event loop. */
export interface HeldWrite {
  writeNow(): void;
}

let held: HeldWrite[] = [];

/** Writes at the end of this turn of the event loop, together with all others of the turn. */
export function writeInBurst(write: HeldWrite): void {
  held.push(write);
  if (held.length === 1) setImmediate(release);
}

function release(): void {
  const burst = held;
  held = [];
  for (const write of burst) write.writeNow();
}
