import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, type RunningGate, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

/** Prints the id of each request before it answers: what it says reaches the test even when it is killed right after. */
const upstreamSource = `
import { createServer } from "node:http";
import { registerService } from "unigate/service";
const [port, ...gates] = process.argv.slice(2);
const url = "http://127.0.0.1:" + port;
createServer(async (request, response) => {
  let bytes = 0;
  for await (const piece of request) bytes += piece.length;
  process.stdout.write("done " + request.headers["x-id"] + "\\n");
  setTimeout(() => response.writeHead(200, { "x-id": request.headers["x-id"] }).end(request.headers["x-id"] + " " + bytes), Math.random() * 20);
}).listen(Number(port), "127.0.0.1", async () => {
  await Promise.all(gates.map((gate) => registerService({ name: "store", url, gate, every: "1s" }).whenRegistered()));
  process.stdout.write("ready\\n");
});
`;

/** A server behind both gates, as a process that can be killed and started again at its address. */
class Upstream {
  readonly url: string;
  /** Times that a request was carried out here, by its id. */
  readonly done: Map<string, number>;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(script: string, port: number, gates: readonly string[], done: Map<string, number>) {
    this.url = `http://127.0.0.1:${port}`;
    this.done = done;
    this.#args = [script, String(port), ...gates];
    onTestFinished(() => this.kill());
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`${this.url} ended before it was ready`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const [what, id] = line.split(" ");
        if (what === "ready") resolve();
        else if (id !== undefined) this.done.set(id, (this.done.get(id) ?? 0) + 1);
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await gone;
  }
}

interface Asked {
  id: string;
  method: "GET" | "POST";
  url: string;
  bytes: number;
}

/** What became of a request: a status with a body, `cut` where the response broke off, `hung` where none came in time. */
async function ask({ id, method, url, bytes }: Asked): Promise<{ status: number | "cut" | "hung"; text: string }> {
  try {
    const body = method === "POST" ? { body: Buffer.alloc(bytes, "x") } : {};
    const response = await fetch(url, { method, headers: { "x-id": id }, signal: AbortSignal.timeout(10_000), ...body });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: (error as Error).name === "TimeoutError" ? "hung" : "cut", text: String(error) };
  }
}

/** Requests through both gates, to proxied routes and to the registered service; every sixth body is too large to be sent again. */
function plan(gates: readonly RunningGate[], count: number): Asked[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    method: at % 3 === 0 ? "POST" : "GET",
    url: `${gates[at % 2]?.http}${at % 4 < 2 ? "/proxied/x" : "/svc/store/x"}`,
    bytes: at % 6 === 0 ? 200_000 : 1000,
  }));
}

test("two gates in front of servers that die and return: no request is carried out twice, none hangs, each gets its own answer", async () => {
  const folders = [await workspace({ "upstream.mjs": upstreamSource }), await workspace()];
  const ports = [await freePort(), await freePort(), await freePort()];
  const to = JSON.stringify(ports.map((port) => `http://127.0.0.1:${port}`));
  const gates = await Promise.all(
    folders.map((folder) => startGate(folder, "", undefined, `proxy: [{ path: "/proxied/*", to: ${to}, health: { ejectFor: "200ms" } }]`)),
  );
  const done = new Map<string, number>();
  const upstreams = ports.map(
    (port) =>
      new Upstream(
        `${folders[0]}/upstream.mjs`,
        port,
        gates.map(({ http }) => http),
        done,
      ),
  );
  await Promise.all(upstreams.map((upstream) => upstream.start()));

  const asked = plan(gates, 2000);
  const outcomes = new Map<string, Awaited<ReturnType<typeof ask>>>();
  const lane = async (first: number): Promise<void> => {
    for (let at = first; at < asked.length; at += 24) {
      const request = asked[at] as Asked;
      outcomes.set(request.id, await ask(request));
    }
  };
  const traffic = Promise.all(Array.from({ length: 24 }, (_, first) => lane(first)));
  const more = (count: number): Promise<void> => {
    const until = Math.min(outcomes.size + count, asked.length);
    return eventuallyTrue(`${count} more are answered`, () => outcomes.size >= until, 30_000);
  };
  let deaths = 0;
  for (; outcomes.size < asked.length - 300; deaths++) {
    const upstream = upstreams[deaths % upstreams.length] as Upstream;
    await more(50);
    await upstream.kill();
    await more(100);
    await upstream.start();
  }
  await traffic;

  expect(deaths).toBeGreaterThan(3);
  expect(outcomes.size).toBe(asked.length);
  const failed: string[] = [];
  for (const { id, method, bytes } of asked) {
    const { status, text } = outcomes.get(id) as { status: number; text: string };
    if (status === 200) expect([text, done.has(id)]).toEqual([`${id} ${method === "POST" ? bytes : 0}`, true]);
    else failed.push(`${method} ${status}`);
    // A GET may be asked again; what changes something may not.
    if (method === "POST") expect([id, (done.get(id) ?? 0) <= 1]).toEqual([id, true]);
  }
  // A server that dies takes along what it was doing, and nothing else: that is 502, or a response that breaks off.
  expect(failed.filter((one) => !/^POST (502|cut)$/.test(one))).toEqual([]);
  expect(failed.length).toBeLessThanOrEqual(deaths * 24);
  for (const { http } of gates) {
    const queues = (await (await fetch(`${http}/queues`)).json()) as { target: string; running: number; depth: number }[];
    expect(queues.filter(({ running, depth }) => running + depth > 0)).toEqual([]);
  }
}, 60_000);
