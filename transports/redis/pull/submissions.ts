import { GateError } from "unigate/transport";
import type { Commands } from "../server/commands.ts";
import { submitScript } from "./scripts.ts";

/** Jobs and bytes of one submission; more leave in a further one. */
const maxJobs = 256;
const maxBytes = 1024 * 1024;

/** A job on its way into the stream of its service. */
export interface Submission {
  /** One line, with its end. */
  readonly header: string;
  readonly frame: Uint8Array;
  /** It lies in the stream, as number `at` of `entries`. */
  submitted(entries: Entries, at: number): void;
  /** It does not, or nobody can tell. */
  refused(error: GateError): void;
}

/** Ids of the jobs of one submission. Hardly anybody asks for one: only who takes a job back. */
export class Entries {
  readonly #text: string;
  #ids: readonly string[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The id of job number `at`. */
  id(at: number): string {
    this.#ids ??= this.#text.split(" ");
    return this.#ids[at] as string;
  }
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
    try {
      const reply = await this.#commands.script(submitScript, [this.#stream], [this.#maxLength, packed(batch)]);
      const [count, ids] = reply as [number, Buffer];
      const entries = new Entries(ids.toString("latin1"));
      for (let at = 0; at < batch.length; at++) {
        const submission = batch[at] as Submission;
        if (at < count) submission.submitted(entries, at);
        else submission.refused(this.#full());
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

/** All jobs in one piece, as `submitScript` takes them. */
function packed(batch: readonly Submission[]): Buffer {
  // No character of a header takes more than three bytes.
  const bytes = batch.reduce((sum, { header, frame }) => sum + 4 + 3 * header.length + frame.length, 0);
  const piece = Buffer.allocUnsafe(bytes);
  let end = 0;
  for (const { header, frame } of batch) {
    const start = end + 4;
    const frameAt = start + piece.write(header, start);
    piece.set(frame, frameAt);
    piece.writeUInt32LE(frameAt + frame.length - start, end);
    end = frameAt + frame.length;
  }
  return piece.subarray(0, end);
}
