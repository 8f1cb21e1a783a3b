import { GateError } from "unigate/transport";
import { group } from "../keys.ts";
import type { Participant } from "../participant.ts";
import { type JobEntry, readJobEntry } from "../pull/job-entry.ts";
import { BlockedRead } from "../server/blocked-read.ts";
import { entriesOfRead, type StreamEntry } from "../server/stream-entries.ts";
import { Acknowledgements } from "./acknowledgements.ts";

/** Nothing lies behind it: a read of one's own entries from here on is empty, and still counts as a read. The very last id means ">". */
const beyondAllIds = "18446744073709551614-0";

/** What an intake needs of its worker. */
export interface IntakeOwner {
  /** Jobs that may be taken now. */
  room(): number;
  /** Whether at most one job is under way. */
  isQuiet(): boolean;
  /** Resolves once there is room. */
  whenRoom(): Promise<void>;
  take(entry: JobEntry, acknowledgements: Acknowledgements): void;
}

/** Takes the jobs of one service out of its stream, as many as there is room for, each to be acknowledged once it is done. */
export class Intake {
  readonly acknowledgements: Acknowledgements;
  readonly #participant: Participant;
  readonly #stream: string;
  readonly #owner: IntakeOwner;
  readonly #reader: BlockedRead;
  /** The last entry that came; a group gives out its entries in order. */
  #lastId = "0-0";
  /** A read was lost: Redis may have counted jobs as ours that never came. */
  #hasGap = false;

  private constructor(participant: Participant, service: string, owner: IntakeOwner) {
    const { settings, commands, keys, post } = participant;
    this.#participant = participant;
    this.#stream = keys.jobs(service);
    this.#owner = owner;
    this.acknowledgements = new Acknowledgements(commands, this.#stream, () => owner.isQuiet());
    this.#reader = new BlockedRead({
      address: settings.address,
      name: `gate-jobs-${post.id}`,
      // Over before our silence counts as our loss: whoever reads no more must not be given jobs then.
      blockMs: settings.heartbeatMs * 2,
      room: () => owner.whenRoom(),
      read: async (client, blockMs) => {
        const from = this.#hasGap ? this.#lastId : ">";
        const where = ["GROUP", group, participant.id, "COUNT", Math.max(1, owner.room()), "BLOCK", blockMs, "STREAMS", this.#stream, from];
        this.#take(entriesOfRead(await client.callBuffer("XREADGROUP", ...where)));
      },
      failed: (reason) => this.#failed(reason),
    });
  }

  /** Makes the stream and its group if they are not there, and begins to take. */
  static async open(participant: Participant, service: string, owner: IntakeOwner): Promise<Intake> {
    await makeGroup(participant, participant.keys.jobs(service));
    return new Intake(participant, service, owner);
  }

  /** Tells the stream that its reader lives, also while it has no room to read: what it has taken stays its own. */
  showLife(): void {
    const { commands, id } = this.#participant;
    commands.run("XREADGROUP", "GROUP", group, id, "COUNT", 1, "STREAMS", this.#stream, beyondAllIds).catch(() => {});
  }

  /** Takes no more; what was taken is still acknowledged. */
  stop(): void {
    this.#reader.close();
  }

  #take(entries: readonly StreamEntry[]): void {
    if (entries.length === 0) this.#hasGap = false;
    for (const entry of entries) {
      this.#lastId = entry.id;
      const job = readJobEntry(entry);
      if (job !== undefined) this.#owner.take(job, this.acknowledgements);
      else {
        this.#participant.logger.warn("an entry in a stream of jobs is not ours; removed", { stream: this.#stream, entry: entry.id });
        this.acknowledgements.add(entry.id);
      }
    }
  }

  // Redis was emptied, or has a value of somebody else under our name.
  async #failed(reason: unknown): Promise<void> {
    const message = reason instanceof Error ? reason.message : String(reason);
    this.#hasGap = true;
    if (message.startsWith("NOGROUP")) this.#lastId = "0-0";
    if (message.startsWith("NOGROUP")) await makeGroup(this.#participant, this.#stream).catch(() => {});
    if (message.startsWith("WRONGTYPE"))
      this.#participant.logger.error("a key of ours holds something else; remove it, or give redis() another prefix", {
        key: this.#stream,
      });
  }
}

async function makeGroup({ commands }: Participant, stream: string): Promise<void> {
  await commands.run("XGROUP", "CREATE", stream, group, "0", "MKSTREAM").catch((error: unknown) => {
    if (!GateError.from(error).message.includes("BUSYGROUP")) throw error;
  });
}
