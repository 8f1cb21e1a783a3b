import { createMemoryPair } from "unigate/transport";
import type { Gate } from "unigate/gate";

/** A connection in memory to a gate, as whoever opens a link gets it. */
export function memory(gate: Gate): ReturnType<typeof createMemoryPair>[0] {
  const [mine, theirs] = createMemoryPair();
  gate.accept(theirs);
  return mine;
}
