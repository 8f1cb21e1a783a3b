import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock } from "../observe/clock.ts";
import { readFrame, RecordView } from "../protocol/frame-reader.ts";
import {
  type Hello,
  type ServeDeclaration,
  type Welcome,
  packMessage,
  parseHello,
  parseServe,
  parseWelcome,
  parseWithdrawal,
  unpackMessage,
} from "../protocol/messages.ts";
import { NumberMap } from "../protocol/number-map.ts";
import { Flag, RecordType } from "../protocol/record.ts";
import { SlotTable } from "../protocol/slot-table.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import { Heartbeat, type HeartbeatHandler } from "./heartbeat.ts";
import { IncomingJob, type IncomingOwner } from "./incoming-job.ts";
import { readJob, writeJob } from "./job-record.ts";
import { Outbox } from "./outbox.ts";
import { OutgoingJob, type OutgoingOwner } from "./outgoing-job.ts";
import type { SessionHandler, SessionOptions } from "./session-options.ts";
import { RouteNumbers } from "./route-numbers.ts";

const noBytes = new Uint8Array(0);
const decoder = new TextDecoder();
/** The nonce of pings that ask for a confirmation; heartbeats count from 1. */
const confirmationNonce = 0;
/** The value of a drain record that asks the peer to drain; 0 announces that we do. */
const pleaseDrain = 1;

/**
 * The gate protocol over one connection; the same class serves a gate, a client and a worker.
 *
 * A session is *greeting* until hello and welcome have been exchanged, then *open*, then *closed*; it never comes back, a
 * reconnecting peer opens a new one. Either side may send jobs (`send`) and take them (`SessionHandler.job`). A malformed or
 * forbidden record ends the session with a goodbye that says why, and touches no other session.
 */
export class Session implements ConnectionHandler, HeartbeatHandler, OutgoingOwner, IncomingOwner {
  readonly connection: Connection;
  readonly outbox: Outbox;
  /** Names the session in logs; given by the gate, empty until then. */
  id = "";
  readonly #options: SessionOptions;
  readonly #handler: SessionHandler;
  readonly #clock: Clock;
  #state: "greeting" | "open" | "closed" = "greeting";
  #isDraining = false;
  #heartbeat: Heartbeat | undefined;
  readonly #outgoing = new SlotTable<OutgoingJob>();
  readonly #incoming = new NumberMap<IncomingJob>();
  readonly #routes = new RouteNumbers();
  readonly #confirmations: (() => void)[] = [];
  readonly #view = new RecordView();
  readonly #visit = (record: RecordView): void => this.#record(record);

  constructor(connection: Connection, options: SessionOptions) {
    this.connection = connection;
    this.#options = options;
    this.#handler = options.handler;
    this.#clock = options.clock;
    const isQuiet = (): boolean => this.#outgoing.size + this.#incoming.size <= 1;
    this.outbox = new Outbox(connection, options.maxRecordBytes, isQuiet, options.traffic);
    connection.open(this);
    if ("hello" in options.greeting) this.outbox.record({ type: RecordType.hello }, packMessage(options.greeting.hello));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Jobs that we sent and that have not ended. */
  get sentJobs(): number {
    return this.#outgoing.size;
  }

  /** Jobs that the peer sent and that have not ended. */
  get takenJobs(): number {
    return this.#incoming.size;
  }

  /** Beats that the peer has not answered. */
  get missedBeats(): number {
    return this.#heartbeat?.missed ?? 0;
  }

  /** Beats that the peer has answered. */
  get beats(): number {
    return this.#heartbeat?.answered ?? 0;
  }

  /** Sends a job to the peer. A job that does not fit the link fails at once, as never started. */
  send(job: Job, sink: ReplySink): JobControl {
    const outgoing = new OutgoingJob(this, sink);
    try {
      if (this.#state === "closed") throw new GateError("unavailable", `the link to ${this.connection.remote} is closed`);
      outgoing.number = this.#outgoing.take(outgoing);
      writeJob(this.outbox, job, outgoing.number, this.#routes.numberOf(job.target, this.outbox), this.#clock.now());
    } catch (error) {
      outgoing.fail(GateError.from(error, "internal"), true);
    }
    return outgoing;
  }

  /** Tells the gate which methods we serve; a later call adds to it. */
  serve(declaration: ServeDeclaration): void {
    this.outbox.record({ type: RecordType.routes, flags: Flag.serve }, packMessage(declaration));
  }

  withdraw(methods: readonly string[]): void {
    this.outbox.record({ type: RecordType.routes, flags: Flag.withdraw }, packMessage({ methods }));
  }

  /** Calls `confirmed` once the peer has taken in everything that was sent before. Never called when the session ends first. */
  confirm(confirmed: () => void): void {
    this.#confirmations.push(confirmed);
    this.outbox.control(RecordType.ping, 0, 0, confirmationNonce);
  }

  /** Takes no new jobs from the peer, and tells it so; running ones go on. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.outbox.control(RecordType.drain, 0, 0, 0);
  }

  /** Asks the peer to finish what runs and leave; our own jobs and theirs go on meanwhile. */
  askToDrain(): void {
    this.outbox.control(RecordType.drain, 0, 0, pleaseDrain);
  }

  /** Ends the session now: jobs that we sent fail as `unavailable`, jobs that we took are cancelled. */
  close(error?: GateError): void {
    if (this.#state === "closed") return;
    this.outbox.record({ type: RecordType.goodbye }, error === undefined ? noBytes : packMessage(error.toWire()));
    // First the reason, then the connection: a carrier that closes at once would report an end without one.
    this.closed(error);
    this.outbox.close();
  }

  // From the connection.

  frame(frame: Uint8Array): void {
    if (this.#state === "closed") return;
    this.outbox.traffic.framesIn++;
    this.outbox.traffic.bytesIn += frame.length;
    try {
      readFrame(frame, this.#view, this.#visit);
    } catch (error) {
      this.close(GateError.from(error, "internal"));
    }
  }

  closed(error?: GateError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#heartbeat?.stop();
    const loss = new GateError(
      "unavailable",
      `the link to ${this.connection.remote} was lost${error === undefined ? "" : `: ${error.message}`}`,
      { cause: error },
    );
    this.#handler.closing?.();
    for (const [, job] of this.#outgoing.entries()) job.lose(loss);
    for (const job of this.#incoming.values()) job.lose(loss.message);
    this.#handler.closed(error);
  }

  // From the heartbeat.

  beat(nonce: number): void {
    if (this.missedBeats > 0) this.outbox.traffic.missedBeats++;
    this.outbox.control(RecordType.ping, 0, 0, nonce);
  }

  silent(): void {
    this.#handler.responsive?.(false);
  }

  alive(): void {
    this.#handler.responsive?.(true);
  }

  /** Gives up the running jobs; their numbers are released, so that a late answer finds nothing. */
  lost(): void {
    const error = new GateError("unavailable", `${this.connection.remote} has been silent for ${this.#options.lostAfterBeats} beats`);
    for (const [, job] of this.#outgoing.entries()) {
      job.cancel("given up: no heartbeat");
      job.lose(error);
    }
    if ("hello" in this.#options.greeting) this.close(error);
  }

  // From jobs.

  release(number: number): void {
    this.#outgoing.release(number);
  }

  forget(number: number): void {
    this.#incoming.delete(number);
  }

  #record(record: RecordView): void {
    if (this.#state === "closed") return;
    if (this.#state === "greeting") {
      this.#greet(record);
      return;
    }
    switch (record.type) {
      case RecordType.job:
        return this.#takeJob(record);
      case RecordType.end:
        if (record.has(Flag.input)) return this.#incoming.get(record.job)?.endInput();
        return this.#outgoing.find(record.job)?.end(record.has(Flag.payload) ? record.payload : undefined, record.metadata);
      case RecordType.chunk:
        if (record.has(Flag.input)) return this.#incoming.get(record.job)?.receive(record.payload);
        if (record.has(Flag.head)) return this.#outgoing.find(record.job)?.head(record.metadata);
        return this.#outgoing.find(record.job)?.receive(record.payload);
      case RecordType.credit:
        if (record.has(Flag.input)) return this.#outgoing.find(record.job)?.credit(record.value);
        return this.#incoming.get(record.job)?.credit(record.value);
      case RecordType.fail:
        return this.#outgoing
          .find(record.job)
          ?.fail(GateError.fromWire(unpackMessage(record.payload, "fail")), record.has(Flag.notStarted));
      case RecordType.cancel:
        return this.#incoming.get(record.job)?.cancel(record.payload.length > 0 ? decoder.decode(record.payload) : undefined);
      case RecordType.ping:
        return this.outbox.control(RecordType.pong, 0, 0, record.value);
      case RecordType.pong:
        if (record.value === confirmationNonce) return this.#confirmations.shift()?.();
        return this.#heartbeat?.answer(record.value);
      case RecordType.routes:
        return this.#learnRoutes(record);
      case RecordType.drain:
        return record.value === pleaseDrain ? this.#handler.askedToDrain?.() : this.#handler.draining?.();
      case RecordType.goodbye:
        return this.#goodbye(record);
      default:
        // A type of a newer protocol: its length lets us pass over it.
        return undefined;
    }
  }

  #greet(record: RecordView): void {
    const { greeting } = this.#options;
    if (record.type === RecordType.goodbye) return this.#goodbye(record);
    if ("hello" in greeting) {
      if (record.type !== RecordType.welcome) return;
      const welcome = parseWelcome(record.payload);
      this.id = welcome.session;
      this.outbox.maxRecordBytes = Math.min(welcome.maxRecordBytes, this.connection.maxFrameBytes);
      this.#open(welcome, welcome.heartbeatMs);
      return;
    }
    // A peer of an earlier session, most likely from before a restart: its goodbye makes it come back with a hello.
    if (record.type !== RecordType.hello) throw new GateError("failed_precondition", "this session is not known here; say hello first");
    const hello = parseHello(record.payload);
    const welcome = greeting.welcome(hello);
    this.id = welcome.session;
    this.outbox.record({ type: RecordType.welcome }, packMessage(welcome));
    this.#open(hello, welcome.heartbeatMs);
  }

  #open(peer: Hello | Welcome, heartbeatMs: number): void {
    this.#state = "open";
    this.#heartbeat = new Heartbeat(this.#clock, heartbeatMs, this.#options.lostAfterBeats, this);
    this.#handler.opened?.(peer);
  }

  #takeJob(record: RecordView): void {
    const target = this.#routes.targetOf(record.route);
    if (this.#incoming.has(record.job))
      throw new GateError("invalid_argument", `malformed job record: number ${record.job} is running already`);
    const incoming = new IncomingJob(this, record.job);
    if (this.#isDraining) return incoming.fail(new GateError("unavailable", "the worker is draining"), true);
    if (this.#incoming.size >= this.#options.maxJobs)
      return incoming.fail(new GateError("resource_exhausted", `more than ${this.#options.maxJobs} jobs run on this link`), true);
    this.#incoming.set(record.job, incoming);
    incoming.controlledBy(this.#handler.job(readJob(record, target, this.id, this.#clock.now()), incoming));
  }

  #learnRoutes(record: RecordView): void {
    if (record.has(Flag.serve)) return this.#handler.served?.(parseServe(record.payload));
    if (record.has(Flag.withdraw)) return this.#handler.withdrawn?.(parseWithdrawal(record.payload));
    this.#routes.learn(record.payload);
  }

  #goodbye(record: RecordView): void {
    const error = record.payload.length === 0 ? undefined : GateError.fromWire(unpackMessage(record.payload, "goodbye"));
    this.closed(error);
    this.outbox.close();
  }
}
