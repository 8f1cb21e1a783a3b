import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startServer } from "../support/http-server.ts";
import { freePort, gate, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { currentJob, defineService, method } from "unigate/worker";
import { z } from "zod";
export default defineService("t", {
  echo: (...args: unknown[]) => args,
  add: method({ params: { a: z.number(), b: z.number().default(1) } }, ({ a, b }) => a + b),
  async *count(to: number) { for (let at = 1; at <= to; at++) yield at; },
  async *forever() { for (let at = 0; ; at++) { yield at; await new Promise((resolve) => setTimeout(resolve, 20)); } },
  nothing: () => undefined,
  bytes: () => Buffer.from([1, 2, 255]),
  broken: () => { throw new RangeError("out of cheese"); },
  async *lines() { yield Buffer.from("ab\\n"); yield Buffer.from("cd\\n"); },
  odd: () => ({ big: 2n ** 62n, bytes: Buffer.from("hi"), map: new Map([["a", 1]]), set: new Set([1]) }),
  header: () => currentJob().metadata.getAll("x-color"),
  wait: () => new Promise(() => {}),
});
`;

/** A gate with the worker above, and a way to call it. */
async function world(
  config?: string,
): Promise<{ gate: RunningGate; folder: string; call: (...args: string[]) => ReturnType<typeof gate> }> {
  const folder = await workspace({ "t.ts": handlers });
  const running = await startGate(folder, config);
  const worker = new GateProcess(["worker", `${folder}/t.ts`, "--gate", running.zmq]);
  await worker.says(/serving/);
  return { gate: running, folder, call: (...args) => gate(["call", ...args, "--gate", running.zmq]) };
}

describe("gate call", () => {
  it("takes each argument as JSON, or as text when it is none, and prints the result on one line when piped", async () => {
    const { call } = await world();
    expect(await call("t.echo", "2", '"x"', "plain text", '{"a":[1]}', "-1")).toMatchObject({
      code: 0,
      stdout: '[2,"x","plain text",{"a":[1]},-1]\n',
      stderr: "",
    });
    expect((await call("t.add", "2")).stdout).toBe("3\n");
    expect((await call("t.nothing")).stdout).toBe("null\n");
  });

  it("--args: an array is positional, anything else one argument, text that is no JSON one text; @file and - are read", async () => {
    const { call, folder, gate: running } = await world();
    expect((await call("t.echo", "--args", "[1,2]")).stdout).toBe("[1,2]\n");
    expect((await call("t.add", "--args", '{"a":5,"b":5}')).stdout).toBe("10\n");
    expect((await call("t.echo", "--args", "not json")).stdout).toBe('["not json"]\n');
    await writeFile(`${folder}/args.json`, '["from a file"]');
    expect((await call("t.echo", "--args", `@${folder}/args.json`)).stdout).toBe('["from a file"]\n');
    expect((await gate(["call", "t.echo", "--args", "-", "--gate", running.zmq], { input: '["from stdin"]' })).stdout).toBe(
      '["from stdin"]\n',
    );
    expect(await call("t.echo", "--args", "@nowhere.json")).toMatchObject({ code: 2, stdout: "" });
  });

  it("prints a stream one JSON value per line, as they arrive", async () => {
    const { call, gate: running } = await world();
    expect((await call("t.count", "3")).stdout).toBe("1\n2\n3\n");
    const forever = new GateProcess(["call", "t.forever", "--gate", running.zmq]);
    await forever.says(/^0\n1\n2\n/);
    forever.signal("SIGINT");
    expect(await forever.exit).toBe(130);
  });

  it("takes what follows -- as arguments, whatever it looks like", async () => {
    const { gate: running } = await world();
    const { code, stdout } = await gate(["call", "t.echo", "--gate", running.zmq, "a", "--", "--help", "-x", "-1"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '["a","--help","-x",-1]\n' });
  });

  it("sends --header as often as it is given", async () => {
    const { call } = await world();
    expect((await call("t.header", "--header", "x-color=red", "--header", "x-color=a=b")).stdout).toBe('["red","a=b"]\n');
  });

  it("ends quietly with 0 when its reader has seen enough", async () => {
    const { gate: running } = await world();
    const forever = new GateProcess(["call", "t.forever", "--gate", running.zmq]);
    await forever.says(/^0\n1\n/);
    forever.child.stdout?.destroy();
    expect(await forever.exit).toBe(0);
    expect(forever.stderr).toBe("");
  });

  it("without --timeout leaves the time to the route", async () => {
    const { call } = await world(`routes: { "t.wait": { timeout: "200ms" } }`);
    expect(await call("t.wait")).toMatchObject({ code: 1, stderr: expect.stringContaining("deadline_exceeded") });
  });

  it("writes what JSON has no word for as protobuf's JSON does: big integers as digits, bytes inside a value as base64", async () => {
    const { call } = await world();
    expect((await call("t.odd")).stdout).toBe('{"big":"4611686018427387904","bytes":"aGk=","map":{"a":1},"set":[1]}\n');
    expect((await call("t.lines")).stdout).toBe("ab\ncd\n");
  });

  it("writes bytes as they are when piped", async () => {
    const { call } = await world();
    expect(Buffer.from((await call("t.bytes")).stdout).toString()).toContain("\u0001\u0002");
  });

  it("tells why nothing was sent: no gate there, whatever the timeout, or a server that is none", async () => {
    const port = await freePort();
    const nowhere = await gate(["call", "t.x", "--gate", `tcp://127.0.0.1:${port}`, "--timeout", "300ms"]);
    expect(nowhere).toMatchObject({ code: 1, stdout: "" });
    expect(nowhere.stderr).toMatch(/^deadline_exceeded: the deadline of t\.x passed before it could be sent: .*refused; is it running\?/);
    const { url } = await startServer((_request, response) => response.writeHead(404).end());
    const other = await gate(["call", "t.x", "--gate", url, "--timeout", "300ms"]);
    expect(other.stderr).toContain(`cannot reach a gate at ${url}/: ${url.replace("http", "ws")}/link answered 404, as no gate does`);
  });

  it.skipIf(missing !== undefined)(
    `says what it waits for in a terminal, when no gate answers${missing === undefined ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const terminal = new Terminal(`call t.x --gate tcp://127.0.0.1:${await freePort()}`, { columns: 200 });
      await terminal.shows(/waiting for a gate at tcp:\S+ …\nunavailable: [^]*refused; is it running\?[^]*exit code 1/);
    },
  );

  it("says code and message on stderr and exits with 1 when the call fails", async () => {
    const { call } = await world();
    expect(await call("t.broken")).toMatchObject({ code: 1, stdout: "", stderr: "unknown: RangeError: out of cheese\n" });
    expect(await call("t.add", "two")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("t.add: a: Invalid input: expected number"),
    });
    expect(await call("t.add", "--args", '{"a":1,"c":2}')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("c: is not a parameter"),
    });
    expect(await call("t.coutn")).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean t.count?") });
    expect(await call("t.wait", "--timeout", "100ms")).toMatchObject({ code: 1, stderr: expect.stringContaining("deadline_exceeded") });
  });

  it("reaches the gate over HTTP as well", async () => {
    const { gate: running } = await world();
    expect((await gate(["call", "t.add", "2", "2", "--gate", running.http])).stdout).toBe("4\n");
  });

  it("that finds no gate says so and how to start one", async () => {
    const { code, stderr } = await gate(["call", "t.add", "--gate", `tcp://127.0.0.1:${await freePort()}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^unavailable: .*is it running\? `gate serve` starts one/);
  });
});

describe("list, routes, workers, queues, info and explain", () => {
  it("print JSON when piped, and exit with 0", async () => {
    const { gate: running, call } = await world();
    await call("t.add", "1");
    const read = async (...args: string[]): Promise<unknown> => {
      const { code, stdout } = await gate([...args, "--gate", running.zmq]);
      expect(code).toBe(0);
      expect(stdout.trimEnd()).not.toContain("\n");
      return JSON.parse(stdout);
    };
    expect(await read("list")).toMatchObject([
      { name: "t", workers: 1, methods: expect.arrayContaining([expect.objectContaining({ name: "t.add", params: ["a", "b"] })]) },
    ]);
    expect(await read("routes")).toEqual([]);
    expect(await read("workers")).toMatchObject([{ state: "ready", inFlight: 0, completed: 1 }]);
    expect(await read("queues")).toMatchObject([{ target: "t.add", depth: 0, completed: 1 }]);
    expect(await read("info")).toMatchObject({ state: "ready", workers: { ready: 1 }, jobs: { open: 0, completed: expect.any(Number) } });
    const mistyped = await gate(["explain", "t.dad", "--gate", running.zmq]);
    expect(mistyped).toMatchObject({ code: 0, stderr: "no worker serves t.dad; did you mean t.add?\n" });
    expect(await read("explain", "t.add")).toMatchObject({ isKnown: true, strategy: "roundRobin", candidates: [{ isCandidate: true }] });
  });
});
