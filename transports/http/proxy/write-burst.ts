import type { ServerResponse } from "node:http";

/** Responses whose last text is held: response, text, response, text, …. */
let held: (ServerResponse | string)[] = [];

/**
 * Ends a response with a text of latin1 at the end of this turn of the event loop, together with all others of the turn.
 *
 * Each write to a peer that sleeps has to wake its processor; one that is still busy with the last write takes the next for a
 * fraction of that.
 */
export function endInBurst(response: ServerResponse, text: string): void {
  held.push(response, text);
  if (held.length === 2) setImmediate(release);
}

function release(): void {
  const burst = held;
  held = [];
  for (let at = 0; at < burst.length; at += 2) (burst[at] as ServerResponse).end(burst[at + 1] as string, "latin1");
}
