import { connect, defineService, method } from "unigate";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

const service = defineService("s", {
  user: method({ output: z.object({ name: z.string() }) }, () => ({ name: "Ada", secret: "hash" })),
  named: method({ params: { a: z.number() }, output: z.string().transform(Number) }, async ({ a }) => String(a)),
  each: method({ output: z.number() }, async function* () {
    yield 1;
  }),
  plain: method({ input: z.string() }, (text) => text.length),
});

describe("a method with an output schema", () => {
  const s = connect<typeof service>("tcp://127.0.0.1:1").service("s");

  it("gives its callers the type of the schema, also of a stream's values", async () => {
    expectTypeOf(await s.user(undefined)).toEqualTypeOf<{ name: string }>();
    expectTypeOf(await s.named({ a: 1 })).toEqualTypeOf<number>();
    for await (const value of s.each(undefined)) expectTypeOf(value).toEqualTypeOf<number>();
    expectTypeOf(await s.plain("x")).toEqualTypeOf<number>();
  });

  it("wants a handler that returns what the schema takes", () => {
    // @ts-expect-error the schema wants a text
    method({ output: z.object({ name: z.string() }) }, () => ({ name: 5 }));
  });
});
