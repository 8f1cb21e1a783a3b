import type { Candidate, Outcome } from "unigate";
import type { Clock } from "unigate/transport";
import type { ServerOptions } from "./service-options.ts";

/** The first rest of an instance that cannot be reached, in ms; each further one doubles it. */
const firstRestMs = 500;
const longestRestMs = 30_000;

/** An instance of a service as its caller sees it: what strategies choose from. */
export class Instance implements Candidate {
  /** Its URL, without a slash at the end. */
  readonly id: string;
  readonly sequence: number;
  readonly capacity: number = Infinity;
  inFlight = 0;
  weight = 1;
  version: string | undefined;
  readonly #clock: Clock;
  #failures = 0;
  #restsUntil = -Infinity;

  constructor(url: string, sequence: number, clock: Clock) {
    this.id = url;
    this.sequence = sequence;
    this.#clock = clock;
  }

  /** Takes what the list says of it now. */
  describe({ weight, version }: ServerOptions): void {
    this.weight = weight !== undefined && weight > 0 ? weight : 1;
    this.version = version;
  }

  /** It could not be reached a moment ago: others are asked first. */
  get rests(): boolean {
    return this.#clock.now() < this.#restsUntil;
  }

  /** Takes note of how a try went. */
  settled({ code }: Outcome): void {
    if (code !== "unavailable") {
      this.#failures = 0;
      this.#restsUntil = -Infinity;
      return;
    }
    const restMs = Math.min(longestRestMs, firstRestMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#restsUntil = this.#clock.now() + restMs;
  }
}
