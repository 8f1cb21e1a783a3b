import { connect, createWorker, defineService, type GateConfig, type KeyConfig } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { gate as runGate } from "../support/processes.ts";

const json = { "content-type": "application/json" };
const call = "a-secret-of-the-caller";
const work = "a-secret-of-the-worker";
const keys: KeyConfig[] = [
  { name: "web", key: call, may: ["call"] },
  { name: "farm", key: work, may: ["work"] },
];

/** A gate with both keys, a worker that holds the one for work, and where it listens. */
async function lockedGate(config: Partial<GateConfig> = {}): Promise<{ gate: Gate; tcp: string; url: string }> {
  const gate = createGate({ settle: 0, keys, transports: [zmq({ bind: "tcp://127.0.0.1:*" }), http({ port: 0 })], ...config });
  await gate.start();
  onTestFinished(() => gate.close());
  const [tcp = "", url = ""] = gate.addresses.map((address) => address.url);
  const worker = createWorker({
    gate: tcp,
    key: work,
    services: [defineService("t", { echo: (value: string) => value, seen: () => "seen" })],
  });
  onTestFinished(() => worker.close());
  await worker.start();
  return { gate, tcp, url };
}

describe("a gate with keys", () => {
  it("takes calls from who may call, over every door", async () => {
    const { tcp, url } = await lockedGate();
    for (const address of [tcp, url]) {
      const client = connect(address, { key: call });
      onTestFinished(() => client.close());
      expect(await client.call("t.echo", ["hi"])).toBe("hi");
    }
    for (const headers of [{ authorization: `Bearer ${call}` }, { "x-gate-key": call }]) {
      const reply = await fetch(`${url}/call/t.echo`, { method: "POST", headers: { ...headers, ...json }, body: '["hi"]' });
      expect([reply.status, await reply.json()]).toEqual([200, "hi"]);
    }
  });

  it.each([
    ["no key", undefined],
    ["a wrong one", "a-secret-of-somebody-else"],
  ])("turns away %s at once, and says what to do", async (_, key) => {
    const { tcp, url } = await lockedGate();
    const client = connect(tcp, key === undefined ? {} : { key });
    onTestFinished(() => client.close());
    await expect(client.call("t.echo", ["hi"])).rejects.toThrow(/key/);
    const reply = await fetch(`${url}/call/t.echo`, { method: "POST", headers: key === undefined ? {} : { "x-gate-key": key } });
    expect([reply.status, reply.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="gate"']);
    expect(await reply.json()).toMatchObject({ code: "unauthenticated", detail: expect.stringContaining("key") });
  });

  it("lets a caller serve nothing, and a worker call nothing", async () => {
    const { tcp, url } = await lockedGate();
    const intruder = createWorker({ gate: tcp, key: call, services: [defineService("u", { x: () => 1 })] });
    onTestFinished(() => intruder.close());
    await expect(intruder.start()).rejects.toThrow("the key of web may call, not work");
    const client = connect(tcp, { key: work });
    onTestFinished(() => client.close());
    await expect(client.call("t.echo", ["hi"])).rejects.toMatchObject({ code: "permission_denied" });
    const reply = await fetch(`${url}/call/t.echo`, { method: "POST", headers: { "x-gate-key": work } });
    expect(reply.status).toBe(403);
  });

  it("shows what it serves to holders of a key only, and its health to everyone", async () => {
    const { url } = await lockedGate();
    const statuses = async (headers: Record<string, string>): Promise<number[]> =>
      await Promise.all(
        ["/health", "/ready", "/workers", "/services", "/info"].map(async (path) => (await fetch(url + path, { headers })).status),
      );
    expect(await statuses({})).toEqual([200, 200, 401, 401, 401]);
    expect(await statuses({ authorization: `Bearer ${call}` })).toEqual([200, 200, 200, 200, 200]);
  });

  it("leaves a public route open, and hands its Authorization header to the worker", async () => {
    const { tcp, url } = await lockedGate({ routes: { "open.hook": { public: true, http: "POST /hook" } } });
    const worker = createWorker({ gate: tcp, key: work, services: [defineService("open", { hook: () => "taken" })] });
    onTestFinished(() => worker.close());
    await worker.start();
    const reply = await fetch(`${url}/hook`, { method: "POST", headers: { authorization: "Bearer of-somebody" } });
    expect([reply.status, await reply.json()]).toEqual([200, "taken"]);
  });

  it("turns a peer away when its key leaves the config", async () => {
    const { gate, tcp } = await lockedGate();
    const client = connect(tcp, { key: call });
    onTestFinished(() => client.close());
    expect(await client.call("t.echo", ["hi"])).toBe("hi");
    await gate.reload({ settle: 0, keys: [{ name: "farm", key: work, may: ["work"] }], transports: [zmq({ bind: "tcp://127.0.0.1:*" })] });
    await expect(client.call("t.echo", ["hi"])).rejects.toThrow(/key/);
  });
});

it("gate keys generate prints a key, and a config entry that lets it in", async () => {
  const { code, stdout } = await runGate(["keys", "generate", "--name", "web", "--may", "call"]);
  expect(code).toBe(0);
  const { key, config } = JSON.parse(stdout) as { key: string; config: { name: string; key: string; may: ["call"] } };
  const { tcp } = await lockedGate({ keys: [config, { name: "farm", key: work, may: ["work"] }] });
  const done = await runGate(["call", "t.echo", "hi", "--gate", tcp], { env: { GATE_KEY: key } });
  expect([done.code, done.stdout]).toEqual([0, '"hi"\n']);
  const refused = await runGate(["call", "t.echo", "hi", "--gate", tcp, "--key", "a-secret-of-somebody-else"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("unauthenticated")]);
});
