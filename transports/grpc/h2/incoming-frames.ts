import { assertOfConnection, assertPing, increaseOf, lastStreamOf, resetCodeOf } from "./control-frames.ts";
import type { FrameTaker } from "./frame-reader.ts";
import { maxListBytes, maxStreams, type Role } from "./greeting.ts";
import { fragmentOf, HeaderAssembly } from "./header-assembly.ts";
import { HeaderDecoder } from "./header-decoder.ts";
import type { HeaderFields } from "./header-fields.ts";
import { ConnectionFault, ErrorCode, FrameFlag, FrameType } from "./protocol.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import { ResetLimit } from "./reset-limit.ts";
import type { Sender } from "./sender.ts";
import { readSettings } from "./settings.ts";
import type { H2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** Who hears of a connection. */
export interface ConnectionOwner {
  /** The peer's first settings are here. */
  opened?(): void;
  /** A server hears each request; it must `listen` to the stream before it returns. */
  request?(stream: H2Stream, fields: HeaderFields): void;
  /** The peer takes no new streams. */
  goingAway?(): void;
  /** Streams at once that the peer allows. */
  maxStreams?(count: number): void;
  /** It is over, and so are all of its streams. */
  closed(reason: string): void;
}

/** The parts of a connection that its frames work on. */
export interface ConnectionParts {
  readonly role: Role;
  readonly now: () => number;
  readonly owner: ConnectionOwner;
  readonly sender: Sender;
  readonly streams: StreamTable;
  readonly window: ReceiveWindow;
  /** Opens the stream that a client has begun. */
  accept(streamId: number): H2Stream;
}

/** Bytes that a peer leaves unread, of frames that no window holds back, before its connection ends. */
const maxBacklogBytes = 4 * 1024 * 1024;
/** A peer that costs us streams faster than this is cut: CVE-2023-44487. */
const maxResetsPerSecond = 500;

/** What each frame of the peer does to a connection; throws a `ConnectionFault` for one that ends it. Source: RFC 9113 section 6. */
export class IncomingFrames implements FrameTaker {
  readonly #parts: ConnectionParts;
  readonly #decoder = new HeaderDecoder(maxListBytes);
  readonly #assembly = new HeaderAssembly();
  readonly #resets = new ResetLimit(maxResetsPerSecond);
  /** The peer's settings are here. */
  isOpen = false;
  /** One side has said that it opens, or takes, no more streams. */
  isGoing = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#assembly.streamId !== 0) return this.#continue(type, flags, streamId, payload);
    if (!this.isOpen && type !== FrameType.settings) throw new ConnectionFault(ErrorCode.protocol, "no SETTINGS at first");
    if (type === FrameType.headers) return this.#heardBlock(streamId, this.#assembly.begin(streamId, flags, fragmentOf(flags, payload)));
    if (type === FrameType.windowUpdate) return this.#heardWindow(streamId, payload);
    if (type === FrameType.resetStream) return this.#heardReset(streamId, payload);
    if (type === FrameType.settings) return this.#heardSettings(flags, streamId, payload);
    if (type === FrameType.ping) return this.#heardPing(flags, streamId, payload);
    if (type === FrameType.goAway) return this.#heardGoAway(streamId, payload);
    // Unknown types are passed over; a push was forbidden, and nothing has to be continued.
    if (type === FrameType.pushPromise || type === FrameType.continuation)
      throw new ConnectionFault(ErrorCode.protocol, `a frame of type ${type}`);
  }

  data(streamId: number, bytes: Buffer, isLast: boolean, endsStream: boolean, extra: number): void {
    if (this.#assembly.streamId !== 0 || !this.isOpen) throw new ConnectionFault(ErrorCode.protocol, "DATA inside of headers");
    const count = bytes.length + extra;
    this.#parts.window.take(count);
    const stream = this.#parts.streams.open.get(streamId);
    if (stream === undefined) return this.#parts.streams.assertKnown(streamId);
    if (stream.hasHeardEnd) return stream.reset(ErrorCode.streamClosed);
    stream.receiveWindow -= count;
    if (stream.receiveWindow < 0) throw new ConnectionFault(ErrorCode.flowControl, "more DATA than the window of the stream");
    if (extra > 0) stream.consume(extra);
    if (bytes.length > 0) stream.heardData(bytes);
    if (isLast && endsStream && !stream.isClosed) stream.heardEnd();
  }

  #continue(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (type !== FrameType.continuation || streamId !== this.#assembly.streamId)
      throw new ConnectionFault(ErrorCode.protocol, "a frame inside of headers");
    this.#heardBlock(streamId, this.#assembly.add(flags, payload));
  }

  #heardBlock(streamId: number, block: Buffer | undefined): void {
    if (block === undefined) return;
    const fields = this.#decoder.decode(block);
    const { endsStream } = this.#assembly;
    const stream = this.#parts.streams.open.get(streamId);
    if (stream !== undefined) return this.#heardMore(stream, fields, endsStream);
    if (this.#parts.role === "client" || streamId <= this.#parts.streams.lastPeer) return this.#parts.streams.assertKnown(streamId);
    this.#heardRequest(streamId, fields, endsStream);
  }

  /** A response, or trailers. */
  #heardMore(stream: H2Stream, fields: HeaderFields, endsStream: boolean): void {
    if (stream.hasHeardEnd) return stream.reset(ErrorCode.streamClosed);
    const { kind } = fields;
    const isFirst = this.#parts.role === "client" && !stream.hasHeardHeaders;
    if (isFirst ? kind !== "response" : kind !== "trailers" || !endsStream) return stream.reset(ErrorCode.protocol);
    // What a server says in between is for a client that waits to send its body.
    if (isFirst && (fields.flat[1] as string).startsWith("1")) return;
    stream.heardHeaders(fields, endsStream);
  }

  #heardRequest(streamId: number, fields: HeaderFields, endsStream: boolean): void {
    if (streamId % 2 === 0) throw new ConnectionFault(ErrorCode.protocol, "a client's stream with an even number");
    this.#parts.streams.lastPeer = streamId;
    const refusal =
      this.isGoing || this.#parts.streams.open.size >= maxStreams
        ? ErrorCode.refusedStream
        : fields.kind !== "request" && !fields.isTooLarge
          ? ErrorCode.protocol
          : undefined;
    if (refusal !== undefined) return this.#refuse(streamId, refusal);
    const stream = this.#parts.accept(streamId);
    this.#parts.owner.request?.(stream, fields);
    if (endsStream && !stream.isClosed) stream.heardEnd();
  }

  #refuse(streamId: number, code: number): void {
    this.#countReset();
    this.#parts.sender.outbox.number(FrameType.resetStream, streamId, code);
  }

  #heardWindow(streamId: number, payload: Buffer): void {
    const more = increaseOf(payload);
    if (streamId === 0) return this.#parts.sender.widen(more);
    const stream = this.#parts.streams.open.get(streamId);
    if (stream === undefined) return this.#parts.streams.assertKnown(streamId);
    if (!this.#parts.sender.widenStream(stream, more)) stream.reset(more === 0 ? ErrorCode.protocol : ErrorCode.flowControl);
  }

  #heardReset(streamId: number, payload: Buffer): void {
    const code = resetCodeOf(payload);
    if (this.#parts.role === "server") this.#countReset();
    const stream = this.#parts.streams.open.get(streamId);
    if (stream === undefined) return this.#parts.streams.assertKnown(streamId);
    stream.close(code);
  }

  #countReset(): void {
    if (!this.#resets.take(this.#parts.now())) throw new ConnectionFault(ErrorCode.enhanceYourCalm, "too many streams are reset");
  }

  #heardSettings(flags: number, streamId: number, payload: Buffer): void {
    assertOfConnection(streamId, "SETTINGS");
    if ((flags & FrameFlag.ack) !== 0) return;
    const before = this.#parts.sender.peer.windowBytes;
    readSettings(payload, this.#parts.sender.peer);
    this.#parts.sender.outbox.head(0, FrameType.settings, FrameFlag.ack, 0);
    this.#parts.sender.settled(this.#parts.streams.open, before);
    this.#parts.owner.maxStreams?.(this.#parts.sender.peer.maxStreams);
    this.#assertReads();
    if (this.isOpen) return;
    this.isOpen = true;
    this.#parts.owner.opened?.();
  }

  #heardPing(flags: number, streamId: number, payload: Buffer): void {
    assertPing(streamId, payload);
    if ((flags & FrameFlag.ack) !== 0) return;
    this.#parts.sender.outbox.frame(FrameType.ping, FrameFlag.ack, 0, payload);
    this.#assertReads();
  }

  #heardGoAway(streamId: number, payload: Buffer): void {
    const last = lastStreamOf(streamId, payload);
    this.isGoing = true;
    this.#parts.owner.goingAway?.();
    this.#parts.streams.refuseAfter(last);
  }

  #assertReads(): void {
    if (this.#parts.sender.outbox.backlog > maxBacklogBytes) throw new ConnectionFault(ErrorCode.enhanceYourCalm, "answers are not read");
  }
}
