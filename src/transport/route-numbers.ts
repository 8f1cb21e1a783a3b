import { GateError } from "../error/gate-error.ts";
import type { FrameWriter } from "../protocol/frame-writer.ts";
import { packMessage, parseRouteNumbers } from "../protocol/messages.ts";
import { RecordType } from "../protocol/record.ts";

/** Targets that one side of a session may number. */
const maxNumbers = 65_535;

/**
 * Targets as small numbers, per session and direction: a job record names its route in four bytes.
 *
 * The sender of jobs chooses the numbers and declares each in a `routes` record just before its first use.
 */
export class RouteNumbers {
  readonly #ours = new Map<string, number>();
  readonly #theirs: (string | undefined)[] = [];

  /** Our number for `target`; declares it through `writer` when it is new. Throws `resource_exhausted` past 65 535 targets. */
  numberOf(target: string, writer: FrameWriter): number {
    return this.#ours.get(target) ?? this.#declare(target, writer);
  }

  /** The peer's target for `number`; throws when it has declared none. */
  targetOf(number: number): string {
    const target = this.#theirs[number];
    if (target === undefined) throw new GateError("invalid_argument", `malformed job record: route number ${number} was not declared`);
    return target;
  }

  /** Takes the peer's declaration. */
  learn(payload: Uint8Array): void {
    for (const [number, target] of parseRouteNumbers(payload)) {
      if (number < 1 || number > maxNumbers)
        throw new GateError("invalid_argument", `malformed routes record: number ${number} is not within 1 to ${maxNumbers}`);
      this.#theirs[number] = target;
    }
  }

  #declare(target: string, writer: FrameWriter): number {
    const number = this.#ours.size + 1;
    if (number > maxNumbers) throw new GateError("resource_exhausted", `more than ${maxNumbers} targets on one link`);
    writer.record({ type: RecordType.routes }, packMessage({ numbers: [[number, target]] }));
    this.#ours.set(target, number);
    return number;
  }
}
