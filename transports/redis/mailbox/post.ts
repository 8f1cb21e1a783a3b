import { randomBytes } from "node:crypto";
import type { Logger } from "unigate/transport";
import type { Keys } from "../keys.ts";
import { BlockedRead } from "../server/blocked-read.ts";
import type { Commands } from "../server/commands.ts";
import type { RedisClient } from "../server/open-client.ts";
import { entriesOfRead, type StreamEntry } from "../server/stream-entries.ts";
import type { RedisSettings } from "../settings.ts";
import { type Envelope, type Letter, type LetterKind, readEnvelope } from "./envelope.ts";
import { OutgoingMail } from "./outgoing-mail.ts";

/** Envelopes that a mailbox may keep after they have been read, until the next beat removes them. */
const maxRead = 64;
/** So many bytes of what was read weigh like one envelope more. */
const bytesPerEnvelope = 16 * 1024;
/** Envelopes taken by one read. */
const readCount = 256;
/** Beats that a mailbox outlives its owner. */
const mailboxBeats = 10;
/** Senders whose numbering is remembered; the longest known is forgotten beyond it. */
const maxSenders = 10_000;

/** What happens at a post. */
export interface PostHandler {
  letter(from: string, letter: Letter): void;
  /** Letters to `peer` reach nobody any more: its process is gone. */
  peerLost(peer: string): void;
  /** Redis had lost our mailbox: what was on its way to us is lost. */
  emptied(): void;
}

/** What a post needs. */
export interface PostOptions {
  commands: Commands;
  settings: RedisSettings;
  keys: Keys;
  logger: Logger;
}

/**
 * The mailbox of this process, and its letters to the mailboxes of others.
 *
 * A mailbox is a stream that only its owner reads, in one blocked read after another; what was read is removed from time to time, in bulk.
 * It lives as long as its owner renews it, and letters to one that is gone are noticed by the write itself.
 */
export class Post {
  readonly id: string = randomBytes(9).toString("base64url");
  readonly #options: PostOptions;
  readonly #handlers: PostHandler[] = [];
  readonly #outgoing = new Map<string, OutgoingMail>();
  /** The last envelope of each sender. */
  readonly #seen = new Map<string, { series: number; sequence: number }>();
  #series = 0;
  #reader: BlockedRead | undefined;
  #lastId = "0-0";
  /** Envelopes that have been read and not been removed. */
  #untrimmed = 0;
  /** After a loss, a sender may be in the middle of its numbering. */
  #wasEmptied = false;

  constructor(options: PostOptions) {
    this.#options = options;
  }

  /** Makes the mailbox and begins to read it. */
  async open(): Promise<void> {
    await this.#create();
    const { settings } = this.#options;
    this.#reader = new BlockedRead({
      address: settings.address,
      name: `gate-mail-${this.id}`,
      blockMs: Math.max(1000, settings.heartbeatMs * 2),
      read: (client, blockMs) => this.#read(client, blockMs),
      failed: () => {},
    });
  }

  /** Who hears of letters; each handler takes what it knows. */
  handle(handler: PostHandler): void {
    this.#handlers.push(handler);
  }

  /** Puts a letter into the mailbox of `to`, after all earlier ones. Never waits and never throws. */
  write(to: string, kind: LetterKind, topic: string, data: Uint8Array): void {
    let mail = this.#outgoing.get(to);
    if (mail === undefined) {
      mail = new OutgoingMail({
        commands: this.#options.commands,
        from: this.id,
        series: ++this.#series,
        mailbox: this.#options.keys.mailbox(to),
        patienceMs: this.#options.settings.heartbeatMs * mailboxBeats,
        lost: () => this.#lost(to),
      });
      this.#outgoing.set(to, mail);
    }
    mail.write({ kind, topic, data });
  }

  /** Resolves once Redis has every letter that was written. */
  async settled(): Promise<void> {
    await Promise.all([...this.#outgoing.values()].map((mail) => mail.settled()));
  }

  /** Resolves once Redis has every letter to `peer`. */
  async settledWith(peer: string): Promise<void> {
    await this.#outgoing.get(peer)?.settled();
  }

  /** Keeps the mailbox alive for another while. Called with every beat. */
  async renew(): Promise<void> {
    const { commands, keys } = this.#options;
    if (this.#untrimmed > 0) {
      this.#untrimmed = 0;
      await commands.run("XTRIM", keys.mailbox(this.id), "MINID", this.#lastId);
    }
    const isThere = await commands.run("PEXPIRE", keys.mailbox(this.id), this.#lifeMs);
    if (isThere === 1) return;
    this.#options.logger.warn("Redis has lost our mailbox: it was restarted, or flushed");
    await this.#create();
    this.#lastId = "0-0";
    this.#wasEmptied = true;
    this.#seen.clear();
    for (const handler of this.#handlers) handler.emptied();
  }

  /** Stops reading, and removes the mailbox if Redis answers. */
  async close(): Promise<void> {
    this.#reader?.close();
    await this.#reader?.ended;
    await this.#options.commands.run("DEL", this.#options.keys.mailbox(this.id)).catch(() => {});
  }

  get #lifeMs(): number {
    return Math.max(5000, this.#options.settings.heartbeatMs * mailboxBeats);
  }

  async #create(): Promise<void> {
    const { commands, keys } = this.#options;
    const mailbox = keys.mailbox(this.id);
    // A group is the one way to make an empty stream; nobody reads through it.
    await commands.run("XGROUP", "CREATE", mailbox, "owner", "$", "MKSTREAM").catch((error: Error) => {
      if (!error.message.includes("BUSYGROUP")) throw error;
    });
    await commands.run("PEXPIRE", mailbox, this.#lifeMs);
  }

  async #read(client: RedisClient, blockMs: number): Promise<void> {
    const mailbox = this.#options.keys.mailbox(this.id);
    // What was read before is removed on the way: one round trip for both. Large ones go at once.
    if (this.#untrimmed >= maxRead) {
      this.#untrimmed = 0;
      client.call("XTRIM", mailbox, "MINID", this.#lastId).catch(() => {});
    }
    const reply = await client.callBuffer("XREAD", "COUNT", readCount, "BLOCK", blockMs, "STREAMS", mailbox, this.#lastId);
    const entries = entriesOfRead(reply);
    for (const entry of entries) this.#take(entry);
  }

  #take(entry: StreamEntry): void {
    this.#lastId = entry.id;
    this.#untrimmed += 1 + Math.floor(entry.fields.reduce((sum, { length }) => sum + length, 0) / bytesPerEnvelope);
    const envelope = readEnvelope(entry);
    if (envelope === undefined) {
      this.#options.logger.warn("an entry in our mailbox is not ours; passed over", { entry: entry.id });
      return;
    }
    if (!this.#isNext(envelope)) return;
    for (const letter of envelope.letters) for (const handler of this.#handlers) handler.letter(envelope.from, letter);
  }

  #isNext({ from, series, sequence }: Envelope): boolean {
    const last = this.#seen.get(from);
    const isNext =
      series === last?.series ? sequence === last.sequence + 1 : (sequence === 1 || this.#wasEmptied) && series > (last?.series ?? 0);
    if (!isNext) return false;
    this.#seen.set(from, { series, sequence });
    if (this.#seen.size > maxSenders) this.#seen.delete(this.#seen.keys().next().value as string);
    return true;
  }

  #lost(peer: string): void {
    this.#outgoing.delete(peer);
    for (const handler of this.#handlers) handler.peerLost(peer);
  }
}
