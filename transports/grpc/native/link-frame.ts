import { fromBinary } from "@bufbuild/protobuf";
import { GateError } from "unigate/transport";
import { FrameSchema } from "../schema/gate.ts";

/** Tag of `Frame.data`: field 1, length-delimited. */
const dataTag = 0x0a;

/** What a frame of the gate protocol becomes on the wire: prefix and `gate.v1.Frame` in one buffer, so that the frame is copied once. */
export function toFrameMessage(frame: Uint8Array): Buffer {
  const lengthBytes = varintBytes(frame.length);
  const bytes = 1 + lengthBytes + frame.length;
  const message = Buffer.allocUnsafe(5 + bytes);
  message[0] = 0;
  message.writeUInt32BE(bytes, 1);
  message[5] = dataTag;
  let rest = frame.length;
  let at = 6;
  while (rest > 0x7f) {
    message[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  message[at] = rest;
  message.set(frame, 6 + lengthBytes);
  return message;
}

/** The frame inside a `gate.v1.Frame`, a view where that is possible. Throws `invalid_argument`. */
export function fromFrameMessage(message: Uint8Array): Uint8Array {
  try {
    return fromBinary(FrameSchema, message).data;
  } catch (error) {
    throw new GateError("invalid_argument", "a message of the link is no gate.v1.Frame", { cause: error });
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++;
  return bytes;
}
