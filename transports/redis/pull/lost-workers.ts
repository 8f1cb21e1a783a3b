import { encodePayload, FrameWriter, GateError, msgpackType, RecordType } from "unigate/transport";
import { group } from "../keys.ts";
import { LetterKind } from "../mailbox/envelope.ts";
import type { Participant } from "../participant.ts";
import { takeOverScript } from "./scripts.ts";

/** Dead jobs that are kept per service; the oldest go first. */
const maxDead = 10_000;
const maxRecordBytes = 64 * 1024;

/**
 * Looks after jobs whose worker was lost: they go to another one, or their gates hear what became of them.
 *
 * Every gate and every worker does so, for the services that it knows; one script per lost worker makes sure that each job is dealt
 * with once.
 */
export class LostWorkers {
  readonly #participant: Participant;
  readonly #services: () => Iterable<string>;
  #isDue = true;
  #looking: Promise<void> | undefined;

  /** Begins to do so, until the participant closes. */
  static lookAfter(participant: Participant, services: () => Iterable<string>): LostWorkers {
    return new LostWorkers(participant, services);
  }

  private constructor(participant: Participant, services: () => Iterable<string>) {
    this.#participant = participant;
    this.#services = services;
    participant.handle({ membersLeft: () => (this.#isDue = true), beat: () => this.#look() });
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
    for (const service of this.#services()) {
      const { table } = this.#participant;
      const unknown = (await this.#consumersOf(service)).filter((worker) => !table.members.has(worker));
      if (unknown.length === 0) continue;
      // Read after the consumers: whoever takes jobs was in the table before.
      await table.read();
      for (const worker of unknown) if (!table.members.has(worker)) await this.#takeOver(service, worker);
    }
  }

  async #consumersOf(service: string): Promise<string[]> {
    const { commands, keys } = this.#participant;
    const rows = await commands.run("XINFO", "CONSUMERS", keys.jobs(service), group).catch((error: unknown) => {
      if (/no such key|NOGROUP/.test(GateError.from(error).message)) return [];
      throw error;
    });
    return (rows as Buffer[][]).map((row) => String(row[1]));
  }

  async #takeOver(service: string, worker: string): Promise<void> {
    const { commands, keys, logger } = this.#participant;
    for (;;) {
      const reply = await commands.script(takeOverScript, [keys.jobs(service), keys.dead(service)], [group, worker, maxDead]);
      const [told, looked] = reply as [[Buffer, Buffer, Buffer, Buffer][], number];
      for (const [gate, number, end, deliveries] of told)
        this.#tell(String(gate), Number(number), errorOf(String(end), service, Number(deliveries)));
      if (looked > 0) logger.warn("jobs of a lost worker were taken over", { service, worker, jobs: looked });
      if (looked === 0 || told.length === 0) return;
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
