import type { Socket } from "node:net";
import { goAwayPayload } from "./control-frames.ts";
import { FrameReader } from "./frame-reader.ts";
import { greet, PrefaceReader, type Role, streamWindowBytes } from "./greeting.ts";
import type { HeaderFields } from "./header-fields.ts";
import { type ConnectionOwner, IncomingFrames } from "./incoming-frames.ts";
import { ConnectionFault, ErrorCode, FrameType } from "./protocol.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { Sender } from "./sender.ts";
import { H2Stream, type StreamListener } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** What a connection is. */
export interface ConnectionOptions {
  role: Role;
  /** The socket hands bytes to the system as they are, without TLS. */
  isPlain: boolean;
  /** What is read is in one buffer, again and again: bytes are good for as long as a listener looks at them. */
  reusesBuffers?: boolean;
  /** On any one clock, in ms. */
  now: () => number;
}

/** Requests before the server has said how many it takes. Source: RFC 9113 section 6.5.2. */
const streamsBeforeSettings = 100;

/**
 * One HTTP/2 connection, of either role, over a socket whose bytes its owner hands to `read`.
 *
 * A peer that breaks the protocol, or costs more than it should, is sent GOAWAY, and the connection ends. Source: RFC 9113.
 */
export class H2Connection {
  readonly socket: Socket;
  readonly reusesBuffers: boolean;
  readonly #owner: ConnectionOwner;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #window: ReceiveWindow;
  readonly #preface: PrefaceReader;
  readonly #incoming: IncomingFrames;
  readonly #reader: FrameReader;
  destroyed = false;
  /** A client's bytes have begun to leave; before that no server has seen any. */
  isReached = false;

  constructor(socket: Socket, options: ConnectionOptions, owner: ConnectionOwner) {
    this.socket = socket;
    this.reusesBuffers = options.reusesBuffers ?? false;
    this.#owner = owner;
    this.#sender = new Sender(socket, options.isPlain);
    socket.on("error", (error) => this.#lost(error.message));
    socket.on("close", () => this.#lost("its connection closed"));
    this.#streams = new StreamTable(options.role);
    this.#preface = new PrefaceReader(options.role);
    this.#window = new ReceiveWindow((bytes) => {
      if (!this.destroyed) this.#sender.outbox.number(FrameType.windowUpdate, 0, bytes);
    });
    this.#incoming = new IncomingFrames({
      ...options,
      owner,
      sender: this.#sender,
      streams: this.#streams,
      window: this.#window,
      accept: (id) => this.#accept(id),
    });
    this.#reader = new FrameReader(this.#incoming);
    greet(this.#sender.outbox, options.role);
  }

  get connecting(): boolean {
    return this.socket.connecting;
  }

  /** Streams that are open, or wait to be. */
  get streams(): number {
    return this.#streams.size;
  }

  /** No more DATA should be written: the peer does not read. */
  get isFull(): boolean {
    return this.#sender.isFull;
  }

  reached(): void {
    this.isReached = true;
  }

  /** Takes bytes of the socket. */
  read(bytes: Buffer): void {
    if (this.destroyed) return;
    try {
      this.#reader.push(this.#preface.strip(bytes));
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error;
      this.#fault(error);
    }
  }

  /** A client's request; `extra` is one more field that differs from call to call. */
  request(fields: HeaderFields, listener: StreamListener, extra?: readonly [string, string]): H2Stream {
    const stream = new H2Stream(this, listener);
    const { open } = this.#streams;
    if (open.size < (this.#incoming.isOpen ? this.#sender.peer.maxStreams : streamsBeforeSettings)) this.#open(stream, fields, extra);
    else this.#streams.wait({ stream, fields, extra });
    return stream;
  }

  /** Asks whether the peer is there; its answer counts as bytes read. */
  ping(): boolean {
    this.#sender.outbox.frame(FrameType.ping, 0, 0, Buffer.alloc(8));
    return true;
  }

  /** Tells the peer that no new streams are taken. */
  goAway(code: number = ErrorCode.none): void {
    if (this.destroyed) return;
    this.#incoming.isGoing = true;
    this.#sender.outbox.frame(FrameType.goAway, 0, 0, goAwayPayload(this.#streams.lastPeer, code));
    this.#sender.outbox.writeNow();
  }

  /** Ends it now, with its streams. */
  destroy(reason: string | Error = "it was ended here"): void {
    this.#sender.outbox.writeNow();
    if (this.socket.writableLength > 0) this.socket.destroy();
    else this.socket.destroySoon();
    this.#lost(String(reason));
  }

  // From streams.

  sendHeaders(stream: H2Stream, fields: HeaderFields, endsStream: boolean): void {
    this.#sender.headers(stream.id, fields, endsStream);
  }

  sendData(stream: H2Stream, bytes: Uint8Array, from: number): number {
    return this.#sender.data(stream, bytes, from);
  }

  sendEnd(stream: H2Stream): void {
    this.#sender.end(stream.id);
  }

  wait(stream: H2Stream): void {
    if (stream.id !== 0) this.#sender.wait(stream);
  }

  giveWindow(stream: H2Stream, bytes: number): void {
    stream.receiveWindow += bytes;
    this.#sender.outbox.number(FrameType.windowUpdate, stream.id, bytes);
  }

  resetStream(stream: H2Stream, code: number): void {
    if (stream.id !== 0) this.#sender.outbox.number(FrameType.resetStream, stream.id, code);
  }

  hold(bytes: number): void {
    this.#window.hold(bytes);
  }

  dropHeld(bytes: number): void {
    this.#window.drop(bytes);
  }

  forget(stream: H2Stream): void {
    if (this.destroyed) return;
    this.#streams.forget(stream);
    while (this.#streams.open.size < this.#sender.peer.maxStreams) {
      const next = this.#streams.nextWaiting();
      if (next === undefined) return;
      this.#open(next.stream, next.fields, next.extra);
    }
  }

  #accept(id: number): H2Stream {
    const stream = new H2Stream(this);
    stream.id = id;
    stream.hasHeardHeaders = true;
    this.#add(stream);
    return stream;
  }

  #open(stream: H2Stream, fields: HeaderFields, extra: readonly [string, string] | undefined): void {
    stream.id = this.#streams.nextNumber();
    this.#add(stream);
    stream.hasSentHeaders = true;
    this.#sender.headers(stream.id, fields, false, extra);
    if (stream.pump()) this.#sender.wait(stream);
    if (this.#streams.isUsedUp) this.#owner.goingAway?.();
  }

  #add(stream: H2Stream): void {
    stream.sendWindow = this.#sender.peer.windowBytes;
    stream.receiveWindow = streamWindowBytes;
    this.#streams.open.set(stream.id, stream);
  }

  #fault({ code, message }: ConnectionFault): void {
    this.goAway(code);
    this.destroy(message);
  }

  #lost(reason: string): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#reader.stop();
    this.#streams.closeAll();
    this.#owner.closed(reason);
  }
}
