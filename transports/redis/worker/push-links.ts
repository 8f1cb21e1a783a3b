import {
  type GateError,
  type Hello,
  type Job,
  type JobControl,
  type ReplySink,
  type ServeDeclaration,
  Session,
  type SessionHandler,
} from "unigate/transport";
import { endLinksToLost } from "../mailbox/doubted-peers.ts";
import { Links } from "../mailbox/links.ts";
import type { Participant } from "../participant.ts";

/** Beats of silence after which the jobs of a gate are given up. */
const lostAfterBeats = 10;

/** What the links to gates need of their worker. */
export interface PushLinksOwner {
  readonly maxRecordBytes: number;
  hello(): Hello;
  declaration(): ServeDeclaration;
  /** Runs a job that a gate has given us. */
  job(job: Job, sink: ReplySink): JobControl;
}

/** One link to each gate that chooses the workers of its jobs itself: there, this worker is like one on any other carrier. */
export class PushLinks {
  readonly #participant: Participant;
  readonly #owner: PushLinksOwner;
  readonly #links: Links;
  readonly #sessions = new Map<string, Session>();
  #isDraining = false;

  constructor(participant: Participant, owner: PushLinksOwner) {
    this.#participant = participant;
    this.#owner = owner;
    this.#links = new Links(participant.post);
    endLinksToLost(participant, this.#links);
    participant.handle({ beat: () => this.follow() });
  }

  /** Opens a link to each such gate that has none. */
  follow(): void {
    if (this.#isDraining) return;
    for (const [gate, { kind, delivery }] of this.#participant.table.members)
      if (kind === "gate" && delivery === "push" && !this.#sessions.has(gate)) this.#open(gate);
  }

  /** Tells every gate what we serve now. */
  serve(declaration: ServeDeclaration): void {
    for (const session of this.#sessions.values()) if (session.isOpen) session.serve(declaration);
  }

  withdraw(methods: readonly string[]): void {
    for (const session of this.#sessions.values()) if (session.isOpen) session.withdraw(methods);
  }

  /** Takes no more jobs; running ones go on. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.drain();
  }

  close(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.close();
  }

  #open(gate: string): void {
    const { clock } = this.#participant;
    const { maxRecordBytes } = this.#owner;
    const handler: SessionHandler = {
      job: (job, sink) => this.#owner.job(job, sink),
      opened: () => session.serve(this.#owner.declaration()),
      responsive: (isResponsive) => {
        if (!isResponsive && session.takenJobs === 0) session.close();
      },
      closed: (error) => this.#closed(gate, error),
    };
    const session: Session = new Session(this.#links.open(gate), {
      greeting: { hello: this.#owner.hello() },
      handler,
      clock,
      maxRecordBytes,
      maxJobs: 100_000,
      lostAfterBeats,
    });
    this.#sessions.set(gate, session);
  }

  #closed(gate: string, error: GateError | undefined): void {
    this.#sessions.delete(gate);
    if (error !== undefined) this.#participant.logger.warn("a gate's link is lost", { gate, reason: error.message });
  }
}
