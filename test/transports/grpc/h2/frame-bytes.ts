/** One HTTP/2 frame, written by its definition and not by the gate's own writer. Source: RFC 9113 section 4.1. */
export function frameBytes(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
