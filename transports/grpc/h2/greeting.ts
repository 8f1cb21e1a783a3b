import type { Outbox } from "./outbox.ts";
import { ConnectionFault, ErrorCode, FrameType, preface, Setting } from "./protocol.ts";
import { firstIncrease } from "./receive-window.ts";
import { writeSettings } from "./settings.ts";

export type Role = "client" | "server";

/** Streams at once that a server takes of one connection. */
export const maxStreams = 1000;
/** Most that is taken of one header block, by the RFC's count. */
export const maxListBytes: number = 64 * 1024;
/** What a peer may send on a stream that nobody has read. */
export const streamWindowBytes: number = 1024 * 1024;

/** Writes what each side says first. Source: RFC 9113 section 3.4. */
export function greet(outbox: Outbox, role: Role): void {
  const isClient = role === "client";
  if (isClient) outbox.bytes(preface);
  const own = isClient ? ([Setting.enablePush, 0] as const) : ([Setting.maxConcurrentStreams, maxStreams] as const);
  const settings = writeSettings([own, [Setting.initialWindowSize, streamWindowBytes], [Setting.maxHeaderListSize, maxListBytes]]);
  outbox.frame(FrameType.settings, 0, 0, settings);
  outbox.number(FrameType.windowUpdate, 0, firstIncrease);
}

/** Takes the preface off what a client says. */
export class PrefaceReader {
  #left: number;

  constructor(role: Role) {
    this.#left = role === "server" ? preface.length : 0;
  }

  /** What follows the preface in `bytes`; throws a `ConnectionFault` when it is another. */
  strip(bytes: Buffer): Buffer {
    if (this.#left === 0) return bytes;
    const count = Math.min(bytes.length, this.#left);
    const from = preface.length - this.#left;
    if (bytes.compare(preface, from, from + count, 0, count) !== 0) throw new ConnectionFault(ErrorCode.protocol, "no HTTP/2");
    this.#left -= count;
    return bytes.subarray(count);
  }
}
