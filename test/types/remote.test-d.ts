import { connect, defineService, method, reply } from "unigate";
import type { RemoteStream, RemoteValue } from "unigate";
import { expectTypeOf } from "vitest";
import { z } from "zod";

/** A module of exported functions, as `typeof import("./handlers.ts")` gives it. */
interface Handlers {
  service: "name";
  hello: (name: string) => Promise<string>;
  add: (a: number, b?: number) => number;
  count: (to: number) => AsyncGenerator<number>;
  letters: () => Generator<string>;
  limit: number;
}

const api = connect<Handlers>().service("name");
expectTypeOf(api.hello("Ada")).toEqualTypeOf<RemoteValue<string>>();
expectTypeOf(await api.hello("Ada")).toEqualTypeOf<string>();
expectTypeOf(api.add(1)).toEqualTypeOf<RemoteValue<number>>();
expectTypeOf(api.count(3)).toEqualTypeOf<RemoteStream<number>>();
expectTypeOf(api.letters()).toEqualTypeOf<RemoteStream<string>>();
for await (const n of api.count(3)) expectTypeOf(n).toEqualTypeOf<number>();
// @ts-expect-error a name is text
void api.hello(1);
// @ts-expect-error there is no such method
void api.nothing();
// @ts-expect-error what is no function is no method
void api.limit();
// @ts-expect-error a stream is iterated, not awaited for one value
expectTypeOf(api.count(3)).toExtend<PromiseLike<number>>();

const service = defineService("s", {
  plain: (a: string, b: number) => `${a}${b}`,
  named: method({ params: { name: z.string(), amount: z.number().default(1) } }, ({ name, amount }) => {
    expectTypeOf(name).toEqualTypeOf<string>();
    expectTypeOf(amount).toEqualTypeOf<number>();
    return amount;
  }),
  one: method({ input: z.object({ id: z.string() }) }, async (input, job) => {
    expectTypeOf(input).toEqualTypeOf<{ id: string }>();
    expectTypeOf(job.signal).toEqualTypeOf<AbortSignal>();
    return input.id;
  }),
  made: () => reply({ ok: true }, { status: 201 }),
  stream: method({ input: z.number() }, async function* (to) {
    for (let at = 0; at < to; at++) yield String(at);
  }),
});

const typed = connect<typeof service>().service("s");
expectTypeOf(await typed.plain("a", 1)).toEqualTypeOf<string>();
expectTypeOf(await typed.named({ name: "visitors" })).toEqualTypeOf<number>();
expectTypeOf(await typed.named({ name: "visitors", amount: 2 })).toEqualTypeOf<number>();
expectTypeOf(await typed.one({ id: "x" })).toEqualTypeOf<string>();
expectTypeOf(await typed.made()).toEqualTypeOf<{ ok: boolean }>();
expectTypeOf(typed.stream(3)).toEqualTypeOf<RemoteStream<string>>();
// @ts-expect-error name is required
void typed.named({ amount: 2 });
// @ts-expect-error amount is a number
void typed.named({ name: "visitors", amount: "2" });

expectTypeOf(await connect<{ default: typeof service }>().service("s").plain("a", 1)).toEqualTypeOf<string>();

// Without a type, every name is a method of anything.
const untyped = connect().service("whatever");
expectTypeOf(await untyped["x"]!(1, "two")).toEqualTypeOf<unknown>();
