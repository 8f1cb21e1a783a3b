import type { Commands } from "../server/commands.ts";
import { type Envelope, envelopeFields, type Letter } from "./envelope.ts";

/** Bytes to one mailbox that Redis has not taken yet; beyond it the peer counts as lost. */
const maxWaitingBytes = 256 * 1024 * 1024;
const retryMs = 50;

/** What the mail to one peer needs of its post. */
export interface OutgoingMailOptions {
  commands: Commands;
  /** Our own id. */
  from: string;
  series: number;
  mailbox: string;
  /** How long Redis may refuse our letters before the peer counts as lost, in ms. */
  patienceMs: number;
  /** The mailbox is gone, or cannot be written to; called once. */
  lost(): void;
}

/**
 * Letters to one mailbox, in order, each at most once, also when Redis is away for a moment.
 *
 * Letters of one turn share an envelope. Envelopes leave without waiting for each other; after a failure, which may have come before
 * or after the write, all from the failed one on are sent again, and the reader drops what it has seen (go-back-N).
 */
export class OutgoingMail {
  readonly #options: OutgoingMailOptions;
  #letters: Letter[] = [];
  #sequence = 0;
  /** Envelopes that Redis has not confirmed. */
  #unconfirmed: Envelope[] = [];
  #waitingBytes = 0;
  /** Grows with every failure: confirmations of what was sent before it no longer count. */
  #round = 0;
  #isStuck = false;
  #stuckSince = 0;
  #isLost = false;
  #settled: (() => void)[] = [];
  readonly #seal = (): void => this.flush();

  constructor(options: OutgoingMailOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#letters.length === 0 && this.#unconfirmed.length === 0;
  }

  write(letter: Letter): void {
    if (this.#isLost) return;
    this.#waitingBytes += letter.data.length;
    if (this.#waitingBytes > maxWaitingBytes) return this.#lose();
    this.#letters.push(letter);
    if (this.#letters.length === 1) queueMicrotask(this.#seal);
  }

  /** Sends what was written in this turn. */
  flush(): void {
    if (this.#letters.length === 0) return;
    const { from, series } = this.#options;
    const envelope = { from, series, sequence: ++this.#sequence, letters: this.#letters };
    this.#letters = [];
    this.#unconfirmed.push(envelope);
    if (!this.#isStuck) void this.#send(envelope, this.#round);
  }

  /** Resolves once Redis has everything that was written, or the peer is lost. */
  settled(): Promise<void> {
    this.flush();
    if (this.isIdle || this.#isLost) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  async #send(envelope: Envelope, round: number): Promise<void> {
    const { commands, mailbox } = this.#options;
    try {
      const id = await commands.run("XADD", mailbox, "NOMKSTREAM", "*", ...envelopeFields(envelope));
      if (round !== this.#round) return;
      if (id === null) this.#lose();
      else this.#confirmed(envelope.sequence);
    } catch {
      if (round === this.#round) this.#failed();
    }
  }

  #confirmed(sequence: number): void {
    while (this.#unconfirmed.length > 0 && (this.#unconfirmed[0] as Envelope).sequence <= sequence) {
      const { letters } = this.#unconfirmed.shift() as Envelope;
      for (const { data } of letters) this.#waitingBytes -= data.length;
    }
    if (this.isIdle) this.#tellSettled();
  }

  #failed(): void {
    const now = performance.now();
    if (!this.#isStuck) this.#stuckSince = now;
    if (now - this.#stuckSince > this.#options.patienceMs) return this.#lose();
    this.#round++;
    this.#isStuck = true;
    setTimeout(() => void this.#resend(), retryMs);
  }

  // One at a time until all that waited is through: whatever made the first fail is likely to last.
  async #resend(): Promise<void> {
    const round = this.#round;
    while (this.#unconfirmed.length > 0) {
      await this.#send(this.#unconfirmed[0] as Envelope, round);
      if (round !== this.#round || this.#isLost) return;
    }
    this.#isStuck = false;
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#letters = [];
    this.#unconfirmed = [];
    this.#tellSettled();
    this.#options.lost();
  }

  #tellSettled(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const resolve of settled) resolve();
  }
}
