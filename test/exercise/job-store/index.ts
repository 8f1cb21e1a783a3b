import { describe } from "vitest";
import { exerciseLife } from "./life.ts";
import { exerciseSharing } from "./sharing.ts";
import type { OpenStore } from "./world.ts";

/** What every job store must do. */
export function exerciseJobStore(name: string, open: OpenStore): void {
  describe(`job store ${name}`, () => {
    exerciseLife(open);
    exerciseSharing(open);
  });
}
