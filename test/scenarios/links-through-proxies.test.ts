import { type Client, connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { startServer } from "../support/http-server.ts";
import { type Nginx, nginxProgram, startNginx } from "../support/nginx.ts";
import { GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { Relay } from "../support/relay.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
export const service = "job";
export function pid() { return process.pid; }
export function echo(value: number) { return value; }
export async function slow(ms: number) { await sleep(ms); return process.pid; }
`;

/** Many heartbeats, so that a busy machine may miss some. */
const patienceMs = 1500;

/** What nginx needs to pass WebSockets on; `idleMs` is how long it lets one be idle. */
function webSockets(gate: RunningGate, idleMs: number): string {
  return (
    `location / { proxy_pass ${gate.http}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; ` +
    `proxy_set_header Connection "upgrade"; proxy_set_header Host $http_host; ` +
    `proxy_read_timeout ${idleMs}ms; proxy_send_timeout ${idleMs}ms; }`
  );
}

/** A gate, and a worker and a client that reach it through something else. */
interface World {
  gate: RunningGate;
  worker: GateProcess;
  client: Client;
}

async function startGateWith(config: string): Promise<{ folder: string; gate: RunningGate }> {
  const folder = await workspace({ "job.ts": handlers });
  return { folder, gate: await startGate(folder, config) };
}

async function join(folder: string, gate: RunningGate, url: string): Promise<World> {
  // At other levels it has no word for a link that is back at once.
  const env = { GATE_LOG: "debug" };
  const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", url, "--id", "home"], { env });
  await worker.says(/serving/);
  const client = connect(url);
  onTestFinished(() => client.close());
  expect(await client.call("job.pid")).toBe(worker.child.pid);
  return { gate, worker, client };
}

async function behindNginx(config: string, idleMs: number): Promise<World & { nginx: Nginx; settings: string }> {
  const { folder, gate } = await startGateWith(config);
  const settings = webSockets(gate, idleMs);
  const nginx = await startNginx(settings);
  return { ...(await join(folder, gate, nginx.url.replace("http", "ws"))), nginx, settings };
}

async function behindRelay(config: string): Promise<World & { relay: Relay }> {
  const { folder, gate } = await startGateWith(config);
  const relay = await Relay.open(Number(new URL(gate.http).port));
  onTestFinished(() => relay.close());
  return { ...(await join(folder, gate, `ws://127.0.0.1:${relay.port}`)), relay };
}

async function workersOf(gate: RunningGate): Promise<{ id: string; state: string; inFlight: number; uptimeMs: number }[]> {
  return (await (await fetch(`${gate.http}/workers`)).json()) as { id: string; state: string; inFlight: number; uptimeMs: number }[];
}

const why = nginxProgram === undefined ? " (skipped: nginx is not installed)" : "";
describe.skipIf(nginxProgram === undefined)(`through an nginx that cuts idle connections${why}`, () => {
  it("heartbeats keep links up: a call that says nothing for three times its patience is answered", async () => {
    const { client, worker, gate } = await behindNginx("heartbeat: 100", patienceMs);
    expect(await client.call("job.slow", [3 * patienceMs])).toBe(worker.child.pid);
    expect((await workersOf(gate))[0]?.uptimeMs).toBeGreaterThan(3 * patienceMs);
    expect(worker.stderr).not.toContain("no link");
  });

  it("a worker whose heartbeat is too slow for it is cut, and serves again by itself; idempotent calls notice nothing", async () => {
    const { client, worker, gate } = await behindNginx(`heartbeat: "1m"`, 300);
    const pid = worker.child.pid;
    await worker.says(/no link to the gate; trying again/);
    expect(await client.call("job.slow", [100], { idempotent: true })).toBe(pid);
    await eventuallyTrue("it was cut three times", () => worker.stderr.split("no link to the gate").length > 3);
    expect(await client.call("job.pid", [], { idempotent: true })).toBe(pid);
    await eventuallyTrue("the gate has it once", async () => (await workersOf(gate)).length === 1);
  });

  it("a kill of nginx fails the calls under way at once; worker and client are back with the next one", async () => {
    const { client, worker, gate, nginx, settings } = await behindNginx("", 60_000);
    const lost = Promise.resolve(client.call("job.slow", [60_000])).then(
      () => "answered",
      (error: { code: string }) => error.code,
    );
    const redone = client.call("job.slow", [200], { idempotent: true });
    await eventuallyTrue("both run", async () => (await workersOf(gate))[0]?.inFlight === 2);
    await nginx.kill();
    expect(await lost).toBe("unavailable");
    await worker.says(/no link to the gate; trying again/);
    await startNginx(settings, nginx.port);
    expect(await redone).toBe(worker.child.pid);
    await eventuallyTrue("the gate has it once", async () => (await workersOf(gate)).map(({ state }) => state).join() === "ready");
    expect(await client.call("job.pid")).toBe(worker.child.pid);
  });

  it("events of an exposed server may pause for three times its patience", async () => {
    const { gate } = await startGateWith("heartbeat: 100");
    const nginx = await startNginx(webSockets(gate, patienceMs));
    const { port } = await startServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      setTimeout(() => response.end("data: 2\n\n"), 3 * patienceMs);
    });
    const exposing = new GateProcess(["expose", String(port), "--gate", nginx.url.replace("http", "ws")]);
    await exposing.says(/exposing/);
    expect(await (await fetch(gate.http)).text()).toBe("data: 1\n\ndata: 2\n\n");
  });
});

describe("through a relay", () => {
  it("that cuts connections again and again, every idempotent call gets its own answer", async () => {
    const { client, relay } = await behindRelay("");
    let answered = 0;
    const answers: number[] = [];
    const calling = Array.from({ length: 8 }, async (_, lane) => {
      for (let at = lane; at < 400; at += 8) {
        answers[at] = await client.call<number>("job.echo", [at], { idempotent: true });
        if (++answered % 80 === 0) relay.cut();
      }
    });
    await Promise.all(calling);
    expect(answers).toEqual(Array.from({ length: 400 }, (_, at) => at));
  });

  it("that forgets its connections and tells nobody, as a NAT does, worker and client come back over new ones", async () => {
    const { client, worker, relay, gate } = await behindRelay("heartbeat: 100");
    relay.forget();
    await worker.says(/no link to the gate; trying again/);
    expect(await client.call("job.pid", [], { idempotent: true })).toBe(worker.child.pid);
    await eventuallyTrue("the gate has it once", async () => (await workersOf(gate)).map(({ state }) => state).join() === "ready");
  });

  it("that is away for a while, worker and client wait for it", async () => {
    const { client, worker, relay, gate } = await behindRelay("");
    await relay.close();
    await worker.says(/no link to the gate; trying again/);
    const waiting = client.call("job.pid", [], { idempotent: true });
    const again = await Relay.open(Number(new URL(gate.http).port), relay.port);
    onTestFinished(() => again.close());
    expect(await waiting).toBe(worker.child.pid);
  });
});
