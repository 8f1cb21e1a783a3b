import { describe } from "vitest";
import { exerciseCalls } from "./calls.ts";
import { exerciseEndings } from "./endings.ts";
import { exerciseLinks } from "./links.ts";
import type { Carrier } from "./world.ts";

/** The contract of every carrier of the gate protocol: run it on each. */
export function exerciseTransport(name: string, carrier: Carrier): void {
  describe(`transport ${name}`, () => {
    exerciseCalls(carrier);
    exerciseEndings(carrier);
    exerciseLinks(carrier);
  });
}
