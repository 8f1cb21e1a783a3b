import { type Clock, GateError, type Logger, type Timer } from "unigate/transport";
import { type Keys, keysOf } from "./keys.ts";
import { LetterKind } from "./mailbox/envelope.ts";
import { Post } from "./mailbox/post.ts";
import { Commands } from "./server/commands.ts";
import type { RedisSettings } from "./settings.ts";
import { type Announcement, Table } from "./table/table.ts";

/** Time that `close` may take, in ms, whatever Redis does. */
const closeMs = 1000;

/** What a participant needs. */
export interface ParticipantOptions {
  settings: RedisSettings;
  clock: Clock;
  logger: Logger;
}

/** Hears what happens around a participant. */
export interface ParticipantHandler {
  /** The table changed, and has been read. */
  tableChanged?(): void;
  /** These have left the table, in order or not. Called before `tableChanged`. */
  membersLeft?(ids: readonly string[]): void;
  /** A beat has been answered. */
  beat?(): void;
  /** Redis has not answered for a whole heartbeat. Called once until it answers again. */
  redisLost?(error: GateError): void;
}

/** One process that meets others over Redis, as gate, worker or caller: its connection, its mailbox, its lease in the table. */
export class Participant {
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: Keys;
  readonly commands: Commands;
  readonly post: Post;
  readonly table: Table;
  readonly #handlers: ParticipantHandler[] = [];
  #announcement: Announcement = { services: new Map() };
  /** Who was in the table when it was last looked at. */
  #known: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #beating: Promise<void> | undefined;
  #lastAnswer: number;
  #isRedisLost = false;
  #isClosed = false;

  private constructor({ settings, clock, logger }: ParticipantOptions, commands: Commands) {
    this.settings = settings;
    this.clock = clock;
    this.logger = logger;
    this.keys = keysOf(settings.prefix);
    this.commands = commands;
    this.post = new Post({ commands, settings, keys: this.keys, logger });
    this.table = new Table(commands, this.keys, settings, clock);
    this.#lastAnswer = clock.now();
  }

  /** Connects, makes the mailbox and reads the table. Rejects with `unavailable` and the reason. */
  static async join(options: ParticipantOptions): Promise<Participant> {
    const { settings } = options;
    const commands = await Commands.open(settings.address, "gate", Math.max(1000, settings.heartbeatMs * 2));
    const participant = new Participant(options, commands);
    try {
      await participant.#start();
      return participant;
    } catch (error) {
      await participant.close();
      throw error;
    }
  }

  get id(): string {
    return this.post.id;
  }

  /** Whether Redis answers. */
  get isRedisLost(): boolean {
    return this.#isRedisLost || !this.commands.isReady;
  }

  handle(handler: ParticipantHandler): void {
    this.#handlers.push(handler);
  }

  /** Says what we are from now on; resolves once every gate has been told. */
  async announce(announcement: Announcement): Promise<void> {
    this.#announcement = announcement;
    await this.beat();
    for (const [id, { kind }] of this.table.members)
      if (kind === "gate" && id !== this.id) this.post.write(id, LetterKind.changed, "", new Uint8Array(0));
    await this.post.settled();
  }

  /** Beats now, and reads the table when it has changed. Rejects when Redis does not answer. */
  async beat(): Promise<void> {
    // One at a time: an older answer must not hide a newer one.
    await this.#beating?.catch(() => {});
    this.#beating = this.#beat();
    await this.#beating;
  }

  /** Leaves the table after `last`, lets the last letters go, and closes; takes a second at most. */
  async close(last: Promise<unknown> = Promise.resolve()): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.clear();
    const { promise: patience, resolve: giveUp } = Promise.withResolvers<void>();
    const timer = setTimeout(giveUp, closeMs);
    await Promise.race([this.#leave(last), patience]);
    clearTimeout(timer);
    this.commands.close();
  }

  async #leave(last: Promise<unknown>): Promise<void> {
    await last;
    await this.post.settled();
    if (this.#announcement.member !== undefined) await this.table.leave(this.id).catch(() => {});
    await this.post.close();
  }

  async #start(): Promise<void> {
    await this.post.open();
    await this.beat();
    this.#timer = this.clock.every(this.settings.heartbeatMs, () => void this.#tick());
    this.commands.onReady(() => void this.#tick());
    this.post.handle({
      letter: (_from, { kind }) => {
        if (kind === LetterKind.changed) void this.#tick();
      },
      peerLost: () => {},
      emptied: () => void this.#tick(),
    });
  }

  async #tick(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.beat();
    } catch (error) {
      this.#failed(GateError.from(error, "unavailable"));
    }
  }

  async #beat(): Promise<void> {
    const [hasChanged] = await Promise.all([this.table.beat(this.id, this.#announcement), this.#timer && this.post.renew()]);
    this.#lastAnswer = this.clock.now();
    if (this.#isRedisLost) this.logger.info("Redis answers again", { redis: this.settings.address.label });
    this.#isRedisLost = false;
    if (hasChanged) {
      await this.#readTable();
    }
    for (const handler of this.#handlers) handler.beat?.();
  }

  async #readTable(): Promise<void> {
    await this.table.read();
    const { members } = this.table;
    const left = [...this.#known].filter((id) => !members.has(id));
    this.#known = new Set(members.keys());
    for (const handler of this.#handlers) {
      if (left.length > 0) handler.membersLeft?.(left);
      handler.tableChanged?.();
    }
  }

  #failed(error: GateError): void {
    if (this.#isRedisLost || this.clock.now() - this.#lastAnswer < this.settings.heartbeatMs) return;
    this.#isRedisLost = true;
    this.logger.warn("Redis does not answer", { redis: this.settings.address.label, reason: error.message });
    for (const handler of this.#handlers) handler.redisLost?.(error);
  }
}
