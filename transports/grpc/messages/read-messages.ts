import type { Readable } from "node:stream";
import { GateError } from "unigate/transport";
import { MessageReader, type MessageReaderOptions } from "./message-reader.ts";

/** Who takes the messages of a stream. */
export interface MessageTaker {
  /** False: hold the next until the returned `resume` is called. */
  message(message: Uint8Array): boolean;
  /** The sender has said everything. */
  end(): void;
  /** The bytes are no messages; nothing comes after it. */
  fail(error: GateError): void;
}

/** Reads the messages of a stream until its end; a taker without room pauses the stream. Returns how to go on after that. */
export function readMessages(stream: Readable, options: MessageReaderOptions, taker: MessageTaker): { resume(): void } {
  const reader = new MessageReader(options);
  let held: Uint8Array | undefined;
  let hasEnded = false;
  let isOver = false;

  const take = (bytes: Uint8Array): void => {
    try {
      let hasRoom = true;
      const used = reader.push(bytes, (message) => (hasRoom = taker.message(message)));
      held = hasRoom ? undefined : bytes.subarray(used);
      if (!hasRoom) stream.pause();
    } catch (error) {
      fail(error);
    }
  };
  const finish = (): void => {
    if (isOver) return;
    try {
      reader.end();
    } catch (error) {
      return fail(error);
    }
    isOver = true;
    taker.end();
  };
  const fail = (error: unknown): void => {
    isOver = true;
    held = undefined;
    taker.fail(GateError.from(error, "internal"));
  };

  stream.on("data", (bytes: Buffer) => {
    if (!isOver) take(bytes);
  });
  stream.on("end", () => {
    hasEnded = true;
    if (held === undefined) finish();
  });
  return {
    resume() {
      if (held === undefined) return;
      if (!isOver) take(held);
      if (held !== undefined) return;
      if (hasEnded) finish();
      else stream.resume();
    },
  };
}
