/**
 * Lesson 1: a service is a file.
 *
 * Each method below is callable as `counter.<name>` from every transport of the gate. Start it with
 * `npx gate serve --worker examples/01-counter/handlers.ts`, or beside a running gate with `npx gate worker …`.
 */
import { defineService, method } from "unigate/worker";
import { z } from "zod";

const counters = new Map<string, number>();
const name = z.string().min(1);

export default defineService("counter", {
  // Declared parameters bind by position, by name and from HTTP; the schemas check them and fill in what is left out.
  increment: method(
    {
      description: "Adds to a counter and returns its new value.",
      params: { name, amount: z.number().int().default(1) },
      http: "POST /api/counter/increment",
    },
    ({ name, amount }) => {
      const value = (counters.get(name) ?? 0) + amount;
      counters.set(name, value);
      return value;
    },
  ),

  // A path parameter is an argument like any other. Reading may be repeated, so it is tried again when a worker dies.
  get: method(
    { description: "The value of a counter.", params: { name }, http: "GET /api/counter/:name", idempotent: true },
    ({ name }) => counters.get(name) ?? 0,
  ),

  reset: method({ description: "Sets a counter to zero.", params: { name } }, ({ name }) => counters.delete(name)),

  // A generator is a stream; it is held up when its reader is slow, and ended when the reader leaves.
  watch: method({ description: "The value of a counter, every time it has changed.", params: { name } }, async function* ({ name }, job) {
    let last: number | undefined;
    while (!job.signal.aborted) {
      const value = counters.get(name) ?? 0;
      if (value !== last) yield value;
      last = value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }),
});
