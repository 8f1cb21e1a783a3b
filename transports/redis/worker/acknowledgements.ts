import { afterTurn } from "unigate/transport";
import { group } from "../keys.ts";
import { doneScript } from "../pull/scripts.ts";
import type { Commands } from "../server/commands.ts";

/** Entries of one stream whose jobs are done: those of one turn leave together, after the answers, until Redis has taken them. */
export class Acknowledgements {
  readonly #commands: Commands;
  readonly #stream: string;
  readonly #isQuiet: () => boolean;
  #done: string[] = [];
  #isScheduled = false;
  #sending: Promise<void> = Promise.resolve();
  readonly #leave = (): void => {
    this.#isScheduled = false;
    void this.flush();
  };

  /** `isQuiet` tells whether at most one job is under way: its acknowledgement then shares a write with its answer. */
  constructor(commands: Commands, stream: string, isQuiet: () => boolean) {
    this.#commands = commands;
    this.#stream = stream;
    this.#isQuiet = isQuiet;
  }

  add(entry: string): void {
    this.#done.push(entry);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#isQuiet()) process.nextTick(this.#leave);
    else afterTurn(this.#leave);
  }

  /** Sends what waits; what Redis does not take stays for the next time. Called after each loss too. */
  async flush(): Promise<void> {
    const entries = this.#done;
    this.#done = [];
    if (entries.length > 0) this.#sending = this.#send(entries);
    await this.#sending;
  }

  async #send(entries: string[]): Promise<void> {
    try {
      await this.#commands.script(doneScript, [this.#stream], [group, entries.join(" ")]);
    } catch {
      this.#done.push(...entries);
    }
  }
}
