import type { IncomingMessage, ServerResponse } from "node:http";

/** Bytes of a body that are read after its answer. */
const mostBytes = 1024 * 1024;

/**
 * Reads, and drops, what comes of a body after its answer, so that its connection can be used again; one with too much to come is ended.
 *
 * Node drops only the body that nobody has begun to read.
 */
export function dropLeftover(request: IncomingMessage, response: ServerResponse): void {
  response.once("finish", () => {
    if (request.complete) return;
    let left = mostBytes;
    request.on("data", (piece: Buffer) => {
      left -= piece.length;
      if (left < 0) request.socket.destroy();
    });
    request.resume();
  });
}
