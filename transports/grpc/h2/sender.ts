import type { Socket } from "node:net";
import type { NumberMap } from "unigate/transport";
import { HeaderEncoder } from "./header-encoder.ts";
import type { HeaderFields } from "./header-fields.ts";
import { Outbox } from "./outbox.ts";
import { ConnectionFault, defaultFrameBytes, defaultWindowBytes, ErrorCode, FrameFlag, FrameType, maxWindowBytes } from "./protocol.ts";
import { defaultSettings, type PeerSettings } from "./settings.ts";
import type { H2Stream } from "./stream.ts";

/** What leaves on a connection: headers at once, DATA as far as the peer's windows go, and streams in line for the rest. */
export class Sender {
  readonly outbox: Outbox;
  readonly peer: PeerSettings = defaultSettings();
  readonly #encoder = new HeaderEncoder();
  #window = defaultWindowBytes;
  /** Streams that wait for room on the connection, the longest first. */
  #line: H2Stream[] = [];

  constructor(socket: Socket, isPlain: boolean) {
    this.outbox = new Outbox(socket, isPlain, () => this.pump());
  }

  get isFull(): boolean {
    return this.outbox.isFull;
  }

  headers(streamId: number, fields: HeaderFields, endsStream: boolean, extra?: readonly [string, string]): void {
    const block = this.#encoder.encode(fields, extra?.[0], extra?.[1]);
    const end = endsStream ? FrameFlag.endStream : 0;
    if (block.length <= defaultFrameBytes) return this.outbox.frame(FrameType.headers, end | FrameFlag.endHeaders, streamId, block);
    this.outbox.frame(FrameType.headers, end, streamId, block.subarray(0, defaultFrameBytes));
    for (let at = defaultFrameBytes; at < block.length; at += defaultFrameBytes) {
      const isLast = at + defaultFrameBytes >= block.length;
      const piece = block.subarray(at, at + defaultFrameBytes);
      this.outbox.frame(FrameType.continuation, isLast ? FrameFlag.endHeaders : 0, streamId, piece);
    }
  }

  /** Sends bytes from `from` on as far as the windows go; gives how many. */
  data(stream: H2Stream, bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !this.isFull) {
      const count = Math.min(bytes.length - at, stream.sendWindow, this.#window, this.peer.frameBytes, defaultFrameBytes);
      if (count <= 0) break;
      this.outbox.data(stream.id, at === 0 && count === bytes.length ? bytes : bytes.subarray(at, at + count), false);
      stream.sendWindow -= count;
      this.#window -= count;
      at += count;
    }
    return at - from;
  }

  end(streamId: number): void {
    if (!this.outbox.endLast(streamId)) this.outbox.head(0, FrameType.data, FrameFlag.endStream, streamId);
  }

  /** Pumps the stream once there is room on the connection. */
  wait(stream: H2Stream): void {
    if (stream.isInLine) return;
    stream.isInLine = true;
    this.#line.push(stream);
  }

  /** Sends what waits; who still has some and no window of its own leaves the line until it is given one. */
  pump(): void {
    const line = this.#line;
    this.#line = [];
    for (const stream of line) {
      stream.isInLine = false;
      if (stream.pump() && !stream.isClosed) this.wait(stream);
    }
  }

  widen(more: number): void {
    this.#window += more;
    if (more === 0) throw new ConnectionFault(ErrorCode.protocol, "a WINDOW_UPDATE of nothing");
    if (this.#window > maxWindowBytes) throw new ConnectionFault(ErrorCode.flowControl, "a window beyond 2^31-1");
    this.pump();
  }

  /** False when the peer may not do so. */
  widenStream(stream: H2Stream, more: number): boolean {
    stream.sendWindow += more;
    if (more === 0 || stream.sendWindow > maxWindowBytes) return false;
    if (stream.pump()) this.wait(stream);
    return true;
  }

  /** The peer's settings have changed; `before` was its window. */
  settled(streams: NumberMap<H2Stream>, before: number): void {
    this.#encoder.setTableLimit(this.peer.headerTableBytes);
    const change = this.peer.windowBytes - before;
    if (change === 0) return;
    for (const stream of streams.values()) {
      stream.sendWindow += change;
      if (change > 0 && stream.pump()) this.wait(stream);
    }
  }
}
