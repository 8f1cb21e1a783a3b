import { GateError } from "unigate/transport";
import type { Argument, Commands } from "../server/commands.ts";
import { submitScript } from "./scripts.ts";

/** Jobs and bytes of one submission; more leave in a further one. */
const maxJobs = 256;
const maxBytes = 1024 * 1024;

/** A job on its way into the stream of its service. */
export interface Submission {
  readonly header: Argument;
  readonly frame: Uint8Array;
  /** It lies in the stream, under this id. */
  submitted(entry: string): void;
  /** It does not, or nobody can tell. */
  refused(error: GateError): void;
}

/** The way into one service's stream: jobs of one turn of the event loop share a command, one round trip to Redis. */
export class Submissions {
  readonly #commands: Commands;
  readonly #stream: string;
  readonly #maxLength: number;
  #waiting: Submission[] = [];
  #bytes = 0;
  readonly #flush = (): void => this.flush();

  /** `maxLength`: jobs that the stream may hold. */
  constructor(commands: Commands, stream: string, maxLength: number) {
    this.#commands = commands;
    this.#stream = stream;
    this.#maxLength = maxLength;
  }

  add(submission: Submission): void {
    this.#waiting.push(submission);
    this.#bytes += submission.frame.length;
    if (this.#waiting.length >= maxJobs || this.#bytes >= maxBytes) this.flush();
    else if (this.#waiting.length === 1) queueMicrotask(this.#flush);
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    void this.#submit(batch);
  }

  async #submit(batch: readonly Submission[]): Promise<void> {
    const args: Argument[] = [this.#maxLength];
    for (const { header, frame } of batch) args.push(header, frame);
    try {
      const ids = (await this.#commands.script(submitScript, [this.#stream], args)) as Buffer[];
      for (const [at, submission] of batch.entries()) {
        const id = ids[at];
        if (id === undefined) submission.refused(this.#full());
        else submission.submitted(id.toString("latin1"));
      }
    } catch (error) {
      for (const submission of batch) submission.refused(GateError.from(error, "unavailable"));
    }
  }

  #full(): GateError {
    return new GateError(
      "resource_exhausted",
      `${this.#maxLength} jobs wait or run in ${this.#stream} already; start more workers, or raise maxLength of redis()`,
    );
  }
}
