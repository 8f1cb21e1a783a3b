import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { defineService, method } from "unigate/worker";
import { z } from "zod";

export default defineService("tools", {
  // A body that is neither JSON nor a form arrives as the bytes it is.
  sha256: method({ description: "The SHA-256 of what is uploaded.", http: "PUT /sha256" }, (body) =>
    createHash("sha256")
      .update(body as Uint8Array)
      .digest("hex"),
  ),

  countdown: method(
    { description: "Counts down, ten numbers a second.", params: { from: z.coerce.number().int() }, http: "GET /countdown/:from" },
    async function* ({ from }) {
      for (let left = from; left > 0; left--) {
        yield left;
        await sleep(100);
      }
    },
  ),
});
