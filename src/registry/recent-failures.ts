import type { Code } from "../error/code.ts";

/** Failures that are remembered of one endpoint. */
const most = 10;
/** Characters of a message that are kept. */
const longestMessage = 300;

/** How a job failed on an endpoint. */
export interface JobFailure {
  /** On the gate's clock, in ms. */
  at: number;
  target: string;
  code: Code;
  message: string;
}

/** The last ten failures: a ring, so that a worker that fails without end costs no more than one that fails rarely. */
export class RecentFailures {
  readonly #ring: JobFailure[] = [];
  #next = 0;

  add(failure: JobFailure): void {
    this.#ring[this.#next] = { ...failure, message: failure.message.slice(0, longestMessage) };
    this.#next = (this.#next + 1) % most;
  }

  /** The last one first. */
  latest(): JobFailure[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].toReversed();
  }
}
