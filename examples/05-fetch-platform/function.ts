/**
 * Lesson 5: a gate on a platform that calls a function per request.
 *
 * The platform's whole contract is the last line: `(Request) => Promise<Response>`. No port is opened.
 */
import { createFetchHandler } from "unigate/fetch";
import { defineService, method } from "unigate/worker";
import { z } from "zod";

const greeter = defineService("greeter", {
  hello: method({ description: "Greets.", params: { name: z.string() }, http: "GET /hello/:name" }, ({ name }) => `Hello, ${name}`),

  // The platform sends each value on as it comes; a reader who leaves ends the generator.
  tell: method({ description: "A story, word by word.", http: "GET /story" }, async function* () {
    yield* ["once", "upon", "a", "time"];
  }),
});

export default { fetch: createFetchHandler({}, { services: [greeter] }) };
