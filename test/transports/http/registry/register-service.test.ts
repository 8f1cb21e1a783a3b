import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { GateError } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { http } from "unigate/http";
import { registerService, type RegisterOptions } from "unigate/service";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { freePort } from "../../../support/processes.ts";
import { ask, calcMethods, openGate, startCalc } from "./registry-world.ts";

const someUrl = "http://127.0.0.1:9528";

function register(options: Partial<RegisterOptions>): ReturnType<typeof registerService> {
  const registered = registerService({ name: "calc", url: someUrl, ...options });
  onTestFinished(() => registered.close());
  return registered;
}

async function startGateAt(port: number): Promise<Gate> {
  const gate = createGate({ settle: 0, transports: [http({ port })] });
  await gate.start();
  onTestFinished(() => gate.close());
  return gate;
}

describe("registerService", () => {
  it("registers at once, with its methods, version and weight", async () => {
    const { url } = await openGate();
    const calc = await startCalc();
    const registered = register({ url: calc.url, gate: url, methods: calcMethods, version: "v2", weight: 3, metadata: { zone: "a" } });
    await registered.whenRegistered();
    expect(registered.isRegistered).toBe(true);
    const { body } = await ask(`${url}/service/calc`);
    expect(body.data).toMatchObject([{ service: calc.url, version: "v2", weight: 3, metadata: { zone: "a" } }]);
    expect(await ask(`${url}/call/calc.add`, [1, 2])).toEqual({ status: 200, body: 3 });
  });

  it("beats every interval with a jitter of a tenth, and so outlives any number of expiries", async () => {
    const beats: number[] = [];
    const clock = new ManualClock();
    const server = createServer((request, response) => {
      if (request.method === "POST") beats.push(clock.now());
      response.end('{"code":200,"message":"OK","data":{}}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const gate = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const chances = [0, 0.5, 1];
    register({ gate, clock, every: "10s", random: () => chances.shift() ?? 0 });
    for (let beat = 1; beat <= 4; beat++) {
      await eventuallyTrue("a beat has come and the next one is set", () => beats.length === beat && clock.timers === 1);
      clock.advance(beat === 1 ? 9000 : beat === 2 ? 10_000 : 11_000);
    }
    expect(beats.slice(0, 4)).toEqual([0, 9000, 19_000, 30_000]);
  });

  it("waits for a gate that is not there yet, and comes back to one that was restarted", async () => {
    const port = await freePort();
    const problems: GateError[] = [];
    const registered = register({ gate: `http://127.0.0.1:${port}`, every: 100, onProblem: (error) => problems.push(error) });
    await eventuallyTrue("it has failed more than once", () => problems.length >= 2);
    expect(problems[0]).toMatchObject({ code: "unavailable", message: expect.stringMatching(/cannot be reached: .*ECONNREFUSED/) });
    expect(registered.isRegistered).toBe(false);
    const first = await startGateAt(port);
    await registered.whenRegistered();
    await first.close();
    await eventuallyTrue("it has noticed", () => !registered.isRegistered);
    const second = await startGateAt(port);
    await eventuallyTrue("it is back", () => second.status.services().some(({ name, workers }) => name === "calc" && workers === 1));
  });

  it("withdraws when it is closed, and beats no more", async () => {
    const { url, gate } = await openGate();
    const registered = register({ gate: url, every: 20 });
    await registered.whenRegistered();
    await registered.close();
    expect(registered.isRegistered).toBe(false);
    expect(gate.status.services()).toMatchObject([{ workers: 0 }]);
    expect((await ask(`${url}/service/calc`)).status).toBe(404);
  });

  it("closes before its first answer without leaving anything behind", async () => {
    const { url } = await openGate();
    const registered = register({ gate: url });
    const waiting = registered.whenRegistered();
    await registered.close();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    expect((await ask(`${url}/service/calc`)).status).toBe(404);
  });

  it("tells whoever waits that the gate refuses it, and why", async () => {
    const { url } = await openGate();
    await expect(register({ gate: url, name: "no name" }).whenRegistered()).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("name: is not a name"),
    });
    await expect(register({ gate: url, url }).whenRegistered()).rejects.toMatchObject({
      message: expect.stringContaining("this gate itself"),
    });
  });

  it("shows its key", async () => {
    const key = "worker-worker-worker";
    const { url } = await openGate({}, { keys: [{ name: "worker", key, may: ["work"] }] });
    await expect(register({ gate: url }).whenRegistered()).rejects.toMatchObject({ code: "unauthenticated" });
    await register({ gate: url, key }).whenRegistered();
  });

  it.each([
    ["a gate that is no HTTP URL", { gate: "tcp://127.0.0.1:5555" }, /gate: .* is not an HTTP URL/],
    ["an interval that is none", { every: "soon" }, /every: .* is not a duration/],
    ["an interval of nothing", { every: 0 }, /every: 0 is not a duration/],
  ])("refuses %s", (_what, options, message) => {
    expect(() => register(options)).toThrow(message);
  });
});

describe("a process that registers a service", () => {
  const script = (gate: string, end: string): string => `
    import { registerService } from "unigate/service";
    const registered = registerService({ name: "calc", url: "${someUrl}", gate: "${gate}" });
    await registered.whenRegistered();
    console.log("registered");
    ${end}`;
  const stay = "setInterval(() => {}, 1000);";

  const run = async (gate: string, end: string): Promise<ReturnType<typeof spawn>> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script(gate, end)], {
      cwd: new URL("../../../..", import.meta.url).pathname,
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    return child;
  };

  it.each([
    ["SIGTERM, and dies of it", stay, "SIGTERM" as const, [null, "SIGTERM"]],
    [
      "SIGINT, and leaves the rest to the handler of the program",
      `process.on("SIGINT", () => setTimeout(() => process.exit(7), 300)); ${stay}`,
      "SIGINT" as const,
      [7, null],
    ],
    ["having nothing more to do", "", undefined, [0, null]],
  ])("withdraws it on %s", async (_what, end, signal, exit) => {
    const { url } = await openGate();
    const child = await run(url, end);
    const ended = once(child, "exit");
    if (signal !== undefined) child.kill(signal);
    expect(await ended).toEqual(exit);
    expect((await ask(`${url}/service/calc`)).status).toBe(404);
  });
});
