import { createServer } from "node:net";
import { connect, createWorker, defineService, type GateConfig } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/processes.ts";

let release = (): void => {};
const service = defineService("t", {
  echo: (value: string) => value,
  held: () => new Promise<string>((resolve) => (release = () => resolve("done"))),
});

function config(port: number, bind: string, more: Partial<GateConfig> = {}): GateConfig {
  return { settle: 0, ...more, transports: [http({ port }), zmq({ bind })] };
}

async function start(port: number, bind: string): Promise<Gate> {
  const gate = createGate(config(port, bind));
  await gate.start();
  onTestFinished(() => gate.close());
  const worker = createWorker({ gate: gate.addresses[1]?.url as string, services: [service] });
  onTestFinished(() => worker.close());
  await worker.start();
  return gate;
}

const echo = async (port: number): Promise<unknown> =>
  await fetch(`http://127.0.0.1:${port}/call/t.echo`, {
    method: "POST",
    body: '["hi"]',
    headers: { "content-type": "application/json" },
  }).then(
    (reply) => reply.json(),
    () => "unreachable",
  );

describe("a reload", () => {
  it("moves a transport whose options changed, and lets what came through the old one finish", async () => {
    const [before, after, tcp] = [await freePort(), await freePort(), await freePort()];
    const gate = await start(before, `tcp://127.0.0.1:${tcp}`);
    const client = connect(`tcp://127.0.0.1:${tcp}`);
    onTestFinished(() => client.close());
    const overHttp = fetch(`http://127.0.0.1:${before}/call/t.held`, { method: "POST" });
    await expect.poll(() => gate.status.workers().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(1);
    const moved = await freePort();
    await gate.reload(config(after, `tcp://127.0.0.1:${moved}`));
    expect(gate.addresses.map(({ url }) => url)).toEqual([`http://127.0.0.1:${after}`, `tcp://127.0.0.1:${moved}`]);
    expect([await echo(before), await echo(after)]).toEqual(["unreachable", "hi"]);
    // The worker and this client came through the old ZeroMQ port.
    expect(await client.call("t.echo", ["hi"])).toBe("hi");
    release();
    expect(await (await overHttp).json()).toBe("done");
  });

  it("leaves a transport alone whose options are the same", async () => {
    const [port, tcp] = [await freePort(), await freePort()];
    const gate = await start(port, `tcp://127.0.0.1:${tcp}`);
    const overHttp = fetch(`http://127.0.0.1:${port}/call/t.held`, { method: "POST" });
    await expect.poll(() => gate.status.workers().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(1);
    await gate.reload(config(port, `tcp://127.0.0.1:${tcp}`, { routes: { "t.*": { queue: 7 } } }));
    expect(gate.status.routes()).toEqual([expect.objectContaining({ pattern: "t.*", queue: 7 })]);
    expect(await echo(port)).toBe("hi");
    release();
    const reply = await overHttp;
    expect([await reply.json(), reply.headers.get("connection")]).toEqual(["done", "keep-alive"]);
  });

  it("whose new port is taken says so, and goes on listening where it did", async () => {
    const [port, tcp, taken] = [await freePort(), await freePort(), await freePort()];
    const gate = await start(port, `tcp://127.0.0.1:${tcp}`);
    const other = createServer().listen(taken, "127.0.0.1");
    onTestFinished(() => void other.close());
    await expect(gate.reload(config(taken, `tcp://127.0.0.1:${tcp}`))).rejects.toThrow(`HTTP port ${taken} on 127.0.0.1 is in use`);
    expect(await echo(port)).toBe("hi");
  });
});
