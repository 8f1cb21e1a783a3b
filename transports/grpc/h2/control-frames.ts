/** The small frames: what is in them, or a `ConnectionFault`. Source: RFC 9113 section 6. */
import { ConnectionFault, ErrorCode } from "./protocol.ts";

/** By how much a window grows. */
export function increaseOf(payload: Buffer): number {
  assertSize(payload, 4, "WINDOW_UPDATE");
  return payload.readUInt32BE(0) & 0x7fff_ffff;
}

/** Why a stream was reset. */
export function resetCodeOf(payload: Buffer): number {
  assertSize(payload, 4, "RST_STREAM");
  return payload.readUInt32BE(0);
}

/** The last stream that the peer has looked at, or may. */
export function lastStreamOf(streamId: number, payload: Buffer): number {
  assertOfConnection(streamId, "GOAWAY");
  if (payload.length < 8) throw new ConnectionFault(ErrorCode.frameSize, "a GOAWAY of another size");
  return payload.readUInt32BE(0) & 0x7fff_ffff;
}

/** The payload of a GOAWAY. */
export function goAwayPayload(lastStream: number, code: number): Buffer {
  const payload = Buffer.allocUnsafe(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(code, 4);
  return payload;
}

/** Throws for a PING that is none. */
export function assertPing(streamId: number, payload: Buffer): void {
  assertSize(payload, 8, "PING");
  assertOfConnection(streamId, "PING");
}

/** Throws for a frame of a stream that is one of the connection. */
export function assertOfConnection(streamId: number, name: string): void {
  if (streamId !== 0) throw new ConnectionFault(ErrorCode.protocol, `a ${name} of a stream`);
}

function assertSize(payload: Buffer, bytes: number, name: string): void {
  if (payload.length !== bytes) throw new ConnectionFault(ErrorCode.frameSize, `a ${name} of another size`);
}
