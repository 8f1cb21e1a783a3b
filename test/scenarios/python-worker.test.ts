import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, defineService } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { describe, expect, it, onTestFinished } from "vitest";
import { connector } from "../../transports/grpc/native/connector.ts";
import { dial } from "../support/dial.ts";
import { eventuallyTrue } from "../support/eventually.ts";
import { pythonGrpcMissing } from "../support/python-grpc.ts";
import { grpcPort } from "../transports/grpc/native/grpc-port.ts";
import { nativeWorld } from "../transports/grpc/native/native-world.ts";

const folder = new URL("../../examples/02-python-worker", import.meta.url).pathname;
const missing = pythonGrpcMissing("grpc");
const title = "a worker in Python over gRPC";

// oxlint-disable-next-line typescript/no-explicit-any
type Values = any;

async function pythonWorld(): Promise<{
  call: (method: string, ...args: unknown[]) => Values;
  python: ChildProcess;
  gate: Gate;
}> {
  const { gate, url } = await nativeWorld(defineService("js", { one: () => 1 }), { config: { heartbeat: 200 } });
  const python = startPython(url);
  await eventuallyTrue("it has joined", () => gate.status.workers().some(({ id }) => id === "python"));
  const client = connect("tcp://unused:1", { open: dial(connector, gate) });
  onTestFinished(() => client.close());
  return { call: (method, ...args) => client.call(`python.${method}`, args), python, gate };
}

function startPython(url: string): ChildProcess {
  const python = spawn("/usr/bin/python3", [`${folder}/worker.py`, new URL(url).host], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => void python.kill("SIGKILL"));
  return python;
}

describe.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  it("answers with values of every kind, streams and errors", async () => {
    const { call } = await pythonWorld();
    expect(await call("add", 2, 3)).toBe(5);
    const value = { text: "ü", list: [1, -2, 2.5, null, true], nested: { big: 2 ** 40 } };
    expect(await call("echo", value)).toEqual(value);
    expect(await call("echo", new Uint8Array([0, 255]))).toEqual(Buffer.from([0, 255]));
    const words = [];
    for await (const word of call("words", "one two")) words.push(word);
    expect(words).toEqual([
      { at: 0, word: "one" },
      { at: 1, word: "two" },
    ]);
    await expect(call("divide", 1, 0)).rejects.toMatchObject({ code: "invalid_argument", message: expect.stringContaining("zero") });
    await expect(call("add", 1)).rejects.toMatchObject({ code: "unknown", message: expect.stringContaining("TypeError") });
  });

  it("stops a stream when its reader leaves, and waits for one that reads slowly", async () => {
    const { call, gate } = await pythonWorld();
    const seen = [];
    for await (const value of call("forever")) {
      seen.push(value);
      if (seen.length === 500) break;
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => at));
    await eventuallyTrue("its place is free", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });

  it("stays healthy while it works, and on SIGTERM finishes its job before it leaves", async () => {
    const { call, python, gate } = await pythonWorld();
    const slow = Promise.resolve(call("slow", 1));
    await eventuallyTrue("it runs", () => gate.status.workers().some(({ inFlight }) => inFlight === 1));
    const exit = once(python, "exit");
    python.kill("SIGTERM");
    expect(await slow).toBe("awake");
    expect((await exit)[0]).toBe(0);
    expect(gate.status.workers().map(({ id }) => id)).not.toContain("python");
  });

  it("that is killed fails its job as unavailable at once", async () => {
    const { call, python, gate } = await pythonWorld();
    const lost = Promise.resolve(call("slow", 60));
    await eventuallyTrue("it runs", () => gate.status.workers().some(({ inFlight }) => inFlight === 1));
    python.kill("SIGKILL");
    await expect(lost).rejects.toMatchObject({ code: "unavailable" });
  });

  it("comes back by itself to a gate that has restarted", async () => {
    const { url, gate } = await nativeWorld(defineService("js", { one: () => 1 }));
    const port = Number(new URL(url).port);
    startPython(url);
    await eventuallyTrue("it has joined", () => gate.status.workers().some(({ id }) => id === "python"));
    await gate.close();
    const next = createGate({ settle: 0, transports: [grpcPort({}, port)] });
    await next.start();
    onTestFinished(() => next.close());
    await eventuallyTrue("it is back", () => next.status.workers().some(({ id }) => id === "python"));
  });
});
