/** What the page of the browser test runs: the client as a user's bundler would take it in. */
import { connect, GateError } from "unigate/browser";

/** The worker's methods, as its page would import their types. */
interface Kitchen {
  add(a: number, b: number): number;
  bytes(size: number): Uint8Array;
  fail(): void;
  count(to: number): AsyncGenerator<number>;
  endless(): AsyncGenerator<number>;
  wait(): string;
}

const nothing = { code: "nothing was thrown", message: "" };

function told(error: unknown): { code: string; message: string } {
  return GateError.is(error) ? { code: error.code, message: error.message } : { code: "not a GateError", message: String(error) };
}

/** Calls the gate at `url` and tells what came back. */
async function run(url: string): Promise<object> {
  const client = connect<Kitchen>(url);
  const kitchen = client.service("kitchen");
  await client.ready();
  const sum = await kitchen.add(2, 3);
  const bytes = await kitchen.bytes(100_000);
  const counted: number[] = [];
  for await (const number of kitchen.count(300)) counted.push(number);
  let left = 0;
  for await (const number of kitchen.endless()) {
    left = number;
    if (number === 5) break;
  }
  const aborted = await client.call("kitchen.wait", [], { signal: AbortSignal.timeout(50) }).then(() => nothing, told);
  const controller = new AbortController();
  const cancelled = client.call("kitchen.wait", [], { signal: controller.signal }).then(() => nothing, told);
  controller.abort();
  const many = await Promise.all(Array.from({ length: 500 }, (_, at) => kitchen.add(at, 1)));
  const failure = await kitchen.fail().then(() => nothing, told);
  const unknown = await client.call("nobody.knows").then(() => nothing, told);
  const answer = {
    sum,
    bytes: { isBytes: bytes instanceof Uint8Array, length: bytes.length, last: bytes.at(-1) },
    counted: { length: counted.length, last: counted.at(-1) },
    left,
    aborted: aborted.code,
    cancelled: (await cancelled).code,
    many: many.reduce((total, one) => total + one, 0),
    failure,
    unknown: unknown.code,
  };
  await client.close();
  return { ...answer, closed: await kitchen.add(1, 1).then(() => nothing, told) };
}

/** Connects to the page's own host, and tells why that fails. */
async function refused(url?: string): Promise<object> {
  const client = connect(url, { connectTimeout: 500 });
  return client.call("kitchen.add", [1, 1]).then(() => nothing, told);
}

Object.assign(globalThis, { run, refused });
