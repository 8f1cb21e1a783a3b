import { gzipSync } from "node:zlib";

/** A message with its prefix, in bytes that are ready to send; `gzip` compresses it. */
export function frameMessage(message: Uint8Array, gzip = false): Buffer {
  const body = gzip ? gzipSync(message) : message;
  const framed = Buffer.allocUnsafe(5 + body.length);
  framed[0] = gzip ? 1 : 0;
  framed.writeUInt32BE(body.length, 1);
  framed.set(body, 5);
  return framed;
}
