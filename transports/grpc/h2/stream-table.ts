import { NumberMap } from "unigate/transport";
import type { Role } from "./greeting.ts";
import type { HeaderFields } from "./header-fields.ts";
import { ConnectionFault, ErrorCode } from "./protocol.ts";
import type { H2Stream } from "./stream.ts";

/** A request beyond what the peer allows at once. */
export interface WaitingRequest {
  readonly stream: H2Stream;
  readonly fields: HeaderFields;
  readonly extra: readonly [string, string] | undefined;
}

/** Numbers run out some time; long before that a client takes another connection. */
const lastNumber = 0x7fff_0000;

/** The streams of one connection: those that are open, by their number, and a client's that wait to be. */
export class StreamTable {
  readonly open: NumberMap<H2Stream> = new NumberMap();
  #waiting: WaitingRequest[] = [];
  readonly #ownParity: number;
  #lastOwn: number;
  /** The last that the peer has opened. */
  lastPeer = 0;

  constructor(role: Role) {
    this.#ownParity = role === "client" ? 1 : 0;
    this.#lastOwn = role === "client" ? -1 : 0;
  }

  get size(): number {
    return this.open.size + this.#waiting.length;
  }

  /** No more numbers should be asked of this connection. */
  get isUsedUp(): boolean {
    return this.#lastOwn >= lastNumber;
  }

  nextNumber(): number {
    this.#lastOwn += 2;
    return this.#lastOwn;
  }

  wait(request: WaitingRequest): void {
    this.#waiting.push(request);
  }

  nextWaiting(): WaitingRequest | undefined {
    return this.#waiting.length === 0 ? undefined : this.#waiting.shift();
  }

  forget(stream: H2Stream): void {
    if (stream.id === 0) this.#waiting = this.#waiting.filter((one) => one.stream !== stream);
    else this.open.delete(stream.id);
  }

  /** Closes a client's streams that the peer, which goes away, has not looked at and never will. */
  refuseAfter(last: number): void {
    for (const { stream } of this.#waiting.splice(0)) stream.close(ErrorCode.refusedStream);
    if (this.#ownParity === 0) return;
    for (const stream of this.open.values()) if (stream.id > last) stream.close(ErrorCode.refusedStream);
  }

  closeAll(): void {
    const waiting = this.#waiting.splice(0).map(({ stream }) => stream);
    for (const stream of [...this.open.values(), ...waiting]) stream.close(ErrorCode.none);
  }

  /** A stream that is over may still be spoken of; throws a `ConnectionFault` for one that never was. */
  assertKnown(id: number): void {
    if (id === 0 || id > (id % 2 === this.#ownParity ? this.#lastOwn : this.lastPeer))
      throw new ConnectionFault(ErrorCode.protocol, `a frame of stream ${id}, which was never opened`);
  }
}
