import { type Connection, type ConnectionHandler, GateError } from "unigate/transport";
import { type Letter, LetterKind } from "./envelope.ts";
import type { Post, PostHandler } from "./post.ts";

const maxFrameBytes = 256 * 1024 * 1024;
const noBytes = new Uint8Array(0);

/** The links of this process: carriers of the gate protocol, each between our mailbox and that of a peer. */
export class Links implements PostHandler {
  readonly #post: Post;
  readonly #links = new Map<string, MailLink>();
  readonly #accept: ((connection: Connection) => void) | undefined;
  #count = 0;

  /** `accept` takes links that peers open; without it they are told that nobody listens. */
  constructor(post: Post, accept?: (connection: Connection) => void) {
    this.#post = post;
    this.#accept = accept;
    post.handle(this);
  }

  /** Opens a link to `peer`; whether somebody listens there shows with its first answer. `closed` is called after its end. */
  open(peer: string, closed?: () => void): Connection {
    return this.#add(peer, `${this.#post.id}.${++this.#count}`, true, closed);
  }

  letter(from: string, { kind, topic, data }: Letter): void {
    if (kind !== LetterKind.open && kind !== LetterKind.frame && kind !== LetterKind.closed) return;
    const link = this.#links.get(topic);
    if (link !== undefined) {
      if (kind === LetterKind.closed) link.end(new GateError("unavailable", "the other end closed"));
      else link.receive(data);
      return;
    }
    if (kind === LetterKind.open && this.#accept !== undefined) {
      const accepted = this.#add(from, topic, false);
      this.#accept(accepted);
      accepted.receive(data);
    } else if (kind !== LetterKind.closed) this.#post.write(from, LetterKind.closed, topic, noBytes);
  }

  peerLost(peer: string): void {
    for (const link of this.#links.values()) if (link.peer === peer) link.end(new GateError("unavailable", `${peer} is gone`));
  }

  emptied(): void {
    this.close(new GateError("unavailable", "Redis has lost what was on its way"));
  }

  /** Whether there is a link to `peer`. */
  reach(peer: string): boolean {
    return [...this.#links.values()].some((link) => link.peer === peer);
  }

  /** Ends the links to `peer`, which hears of it if it can. */
  giveUp(peer: string, error: GateError): void {
    for (const link of this.#links.values()) if (link.peer === peer) this.#end(link, error);
  }

  close(error?: GateError): void {
    for (const link of this.#links.values()) this.#end(link, error);
  }

  #end(link: MailLink, error: GateError | undefined): void {
    this.#post.write(link.peer, LetterKind.closed, link.topic, noBytes);
    link.end(error);
  }

  #add(peer: string, topic: string, isOpener: boolean, closed?: () => void): MailLink {
    const link = new MailLink(this.#post, peer, topic, isOpener, () => {
      this.#links.delete(topic);
      closed?.();
    });
    this.#links.set(topic, link);
    return link;
  }
}

/** One link: frames as letters in order. */
class MailLink implements Connection {
  readonly carrier = "redis";
  readonly remote: string;
  readonly maxFrameBytes: number = maxFrameBytes;
  readonly peer: string;
  readonly topic: string;
  readonly #post: Post;
  readonly #forget: () => void;
  #kind: LetterKind;
  #handler: ConnectionHandler | undefined;
  #early: Uint8Array[] = [];
  #isClosed = false;
  #error: GateError | undefined;

  constructor(post: Post, peer: string, topic: string, isOpener: boolean, forget: () => void) {
    this.#post = post;
    this.peer = peer;
    this.topic = topic;
    this.remote = `redis:${peer}`;
    this.#kind = isOpener ? LetterKind.open : LetterKind.frame;
    this.#forget = forget;
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#isClosed) return this.#tell();
    const early = this.#early;
    this.#early = [];
    for (const frame of early) queueMicrotask(() => this.#handler?.frame(frame));
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#post.write(this.peer, this.#kind, this.topic, frame);
    this.#kind = LetterKind.frame;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#post.write(this.peer, LetterKind.closed, this.topic, noBytes);
    this.end();
  }

  receive(frame: Uint8Array): void {
    if (this.#handler === undefined) this.#early.push(frame);
    else this.#handler.frame(frame);
  }

  end(error?: GateError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#forget();
    // In a turn of its own, as from a socket: the closer is never called inside `close`.
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(this.#error);
  }
}
