import { Outbox } from "unigate/transport";
import { LetterKind } from "./envelope.ts";
import type { Post } from "./post.ts";

/** Records for `peer`, outside any link: those of one turn leave as one letter. `isQuiet` tells whether at most one job is under way. */
export function mailOutbox(post: Post, peer: string, maxRecordBytes: number, isQuiet: () => boolean): Outbox {
  const carrier = {
    carrier: "redis",
    remote: peer,
    maxFrameBytes: maxRecordBytes,
    open: () => {},
    send: (frame: Uint8Array) => post.write(peer, LetterKind.records, "", frame),
    close: () => {},
  };
  return new Outbox(carrier, maxRecordBytes, isQuiet);
}
