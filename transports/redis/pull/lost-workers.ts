import { encodePayload, FrameWriter, GateError, msgpackType, RecordType } from "unigate/transport";
import { group } from "../keys.ts";
import { LetterKind } from "../mailbox/envelope.ts";
import type { Participant } from "../participant.ts";
import { lostAfterBeats } from "../settings.ts";
import { TakeOver, takeOverScript } from "./scripts.ts";

/** Dead jobs that are kept per service; the oldest go first. */
const maxDead = 10_000;
const maxRecordBytes = 64 * 1024;

/** What there is to look after. */
export interface LostWorkersOptions {
  services(): Iterable<string>;
  /** These are in no table and take no jobs any more. */
  gone?(workers: readonly string[]): void;
}

/**
 * Looks after jobs whose worker was lost: they go to another one, or their gates hear what became of them.
 *
 * Every gate and every worker does so, for the services that it knows; one script per lost worker makes sure that each job is dealt
 * with once. A worker is lost when it has left the table and is silent in the stream too: its lease may lapse while it lives, as its
 * beats take another connection than its reads.
 */
export class LostWorkers {
  readonly #participant: Participant;
  readonly #options: LostWorkersOptions;
  /** Those that have left the table, until it is known what became of them. */
  readonly #left = new Set<string>();
  #isDue = true;
  #looking: Promise<void> | undefined;

  /** Begins to do so, until the participant closes. */
  static lookAfter(participant: Participant, options: LostWorkersOptions): LostWorkers {
    return new LostWorkers(participant, options);
  }

  private constructor(participant: Participant, options: LostWorkersOptions) {
    this.#participant = participant;
    this.#options = options;
    participant.handle({ membersLeft: (ids) => this.#membersLeft(ids), beat: () => this.#look() });
  }

  #membersLeft(ids: readonly string[]): void {
    for (const id of ids) this.#left.add(id);
    this.#isDue = true;
  }

  #look(): void {
    if (!this.#isDue || this.#looking !== undefined) return;
    this.#isDue = false;
    this.#looking = this.#lookAtAll()
      .catch(() => {
        this.#isDue = true;
      })
      .finally(() => (this.#looking = undefined));
  }

  async #lookAtAll(): Promise<void> {
    const { table } = this.#participant;
    const left = [...this.#left];
    const alive = new Set<string>();
    for (const service of this.#options.services()) {
      const unknown = (await this.#consumersOf(service)).filter((worker) => !table.members.has(worker));
      if (unknown.length === 0) continue;
      // Read after the consumers: whoever takes jobs was in the table before.
      await table.read();
      for (const worker of unknown) if (!table.members.has(worker) && !(await this.#takeOver(service, worker))) alive.add(worker);
    }
    if (alive.size > 0) this.#isDue = true;
    const judged = left.filter((id) => !alive.has(id));
    for (const id of judged) this.#left.delete(id);
    const gone = judged.filter((id) => !table.members.has(id));
    if (gone.length > 0) this.#options.gone?.(gone);
  }

  async #consumersOf(service: string): Promise<string[]> {
    const { commands, keys } = this.#participant;
    const rows = await commands.run("XINFO", "CONSUMERS", keys.jobs(service), group).catch((error: unknown) => {
      if (/no such key|NOGROUP/.test(GateError.from(error).message)) return [];
      throw error;
    });
    return (rows as Buffer[][]).map((row) => String(row[1]));
  }

  /** False: it takes jobs, and nothing was done. */
  async #takeOver(service: string, worker: string): Promise<boolean> {
    const { commands, keys, logger, settings } = this.#participant;
    const silenceMs = settings.heartbeatMs * lostAfterBeats;
    for (;;) {
      const at = [keys.jobs(service), keys.dead(service), keys.deadByTarget(service)];
      const reply = await commands.script(takeOverScript, at, [group, worker, maxDead, silenceMs]);
      const [told, looked, end] = reply as [[Buffer, Buffer, Buffer, Buffer][], number, number];
      for (const [gate, number, became, deliveries] of told)
        this.#tell(String(gate), Number(number), errorOf(String(became), service, Number(deliveries)));
      if (looked > 0) logger.warn("jobs of a lost worker were taken over", { service, worker, jobs: looked });
      if (end !== TakeOver.more) return end === TakeOver.done;
    }
  }

  #tell(gate: string, number: number, error: GateError): void {
    const writer = new FrameWriter((frame) => this.#participant.post.write(gate, LetterKind.refused, "", frame), maxRecordBytes);
    writer.record({ type: RecordType.fail, job: number }, encodePayload(error.toWire(), msgpackType));
    writer.flush();
  }
}

function errorOf(end: string, service: string, deliveries: number): GateError {
  if (end === "lost") return new GateError("unavailable", `the worker of ${service} that had taken it is gone`);
  return new GateError(
    "aborted",
    `it was put aside as dead: each of its ${deliveries} deliveries ended with its worker lost; see the stream of dead jobs of ${service}`,
    { retryable: false },
  );
}
