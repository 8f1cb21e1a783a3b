import { type Client, connect, createWorker, defineService, GateError, type GateConfig } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { metrics, type MetricsOptions } from "unigate/plugins/metrics";
import { zmq } from "unigate/zmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { sometimesAway } from "../support/sometimes-away.ts";
import { rawCall, rawServer, rawSession } from "../transports/grpc/proxy/raw-server.ts";
import { memory } from "../support/memory.ts";

let release: () => void = () => {};

const shop = defineService("shop", {
  buy: (thing: string) => thing,
  ask: () => "yes",
  fail: () => {
    throw new GateError("failed_precondition", "sold out");
  },
  slow: () => new Promise<void>((resolve) => (release = resolve)),
});

interface World {
  gate: Gate;
  client: Client;
  page(): Promise<Map<string, number>>;
}

/** A gate with the plugin, a worker in this process, and a client over ZeroMQ. */
async function open(options: MetricsOptions = {}, config: Partial<GateConfig> = {}): Promise<World> {
  const gate = createGate({
    settle: 0,
    transports: [http({ port: 0 }), zmq({ bind: "tcp://127.0.0.1:*" })],
    plugins: [metrics(options)],
    ...config,
  });
  await gate.start();
  const worker = createWorker({ services: [shop], id: "w1", concurrency: 1, open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  const client = connect(gate.addresses.find(({ transport }) => transport === "zmq")!.url);
  onTestFinished(async () => {
    release();
    await client.close();
    await worker.close();
    await gate.close();
  });
  return { gate, client, page: () => page(gate, options.path) };
}

async function page(gate: Gate, path = "/metrics"): Promise<Map<string, number>> {
  const response = await fetch(`${gate.addresses[0]!.url}${path}`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

describe("the metrics page", () => {
  it("counts each job once, by the pattern of its route and by how it ended", async () => {
    const { client, page } = await open({}, { routes: { "shop.*": {} } });
    await client.call("shop.buy", ["tea"]);
    await client.call("shop.ask");
    await expect(client.call("shop.fail")).rejects.toThrow("sold out");
    await expect(client.call("nobody.knows")).rejects.toThrow("nobody");
    const now = await page();
    expect(now.get('gate_jobs_total{route="shop.*",code="ok"}')).toBe(2);
    expect(now.get('gate_jobs_total{route="shop.*",code="failed_precondition"}')).toBe(1);
    expect(now.get('gate_jobs_total{route="unknown",code="not_found"}')).toBe(1);
    expect(now.get('gate_job_duration_seconds_count{route="shop.*"}')).toBe(3);
    expect(now.get('gate_job_duration_seconds_bucket{le="+Inf",route="shop.*"}')).toBe(3);
  });

  it("shows what runs and what waits at the moment", async () => {
    const { client, page } = await open({ by: "target" });
    const both = [client.call("shop.slow"), client.call("shop.slow")];
    await eventuallyTrue("one runs and one waits", async () => {
      const now = await page();
      return now.get('gate_jobs_in_flight{route="shop.slow"}') === 1 && now.get('gate_queue_depth{route="shop.slow"}') === 1;
    });
    await eventuallyTrue("both end", async () => {
      release();
      const now = await page();
      return now.get('gate_jobs_in_flight{route="shop.slow"}') === 0 && now.get('gate_queue_depth{route="shop.slow"}') === 0;
    });
    await Promise.all(both);
  });

  it("shows the workers by transport and state, the links' traffic, and the gate itself", async () => {
    const { client, page } = await open();
    const before = await page();
    expect(before.get('gate_endpoints{transport="memory",state="ready"}')).toBe(1);
    await client.call("shop.buy", ["x".repeat(10_000)]);
    const after = await page();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('gate_frame_bytes_total{transport="zmq",direction="in"}')).toBeGreaterThan(10_000);
    expect(grown('gate_frame_bytes_total{transport="zmq",direction="out"}')).toBeGreaterThan(10_000);
    expect(grown('gate_frames_total{transport="memory",direction="out"}')).toBeGreaterThan(0);
    expect(after.get('gate_heartbeats_missed_total{transport="zmq"}')).toBe(0);
    expect([...after.keys()].some((name) => name.startsWith('gate_build_info{version="'))).toBe(true);
    for (const name of ['gate_event_loop_lag_seconds{quantile="0.99"}', "process_resident_memory_bytes", "process_cpu_seconds_total"])
      expect(after.get(name), name).toBeGreaterThanOrEqual(0);
  });

  it("counts the jobs that are kept, by state, and says when their store is away", async () => {
    let isAway = false;
    const { client, page } = await open({}, { jobs: { store: sometimesAway(() => isAway) }, routes: { "later.*": {} } });
    await client.call("Gate.submit", ["later.on"]);
    await client.call("Gate.submit", ["shop.fail"]);
    await eventuallyTrue("one waits, and one is dead", async () => {
      const now = await page();
      return now.get('gate_kept_jobs{state="waiting"}') === 1 && now.get('gate_kept_jobs{state="dead"}') === 1;
    });
    expect((await page()).get("gate_job_store_up")).toBe(1);
    isAway = true;
    const away = await page();
    expect([away.get("gate_job_store_up"), away.get('gate_kept_jobs{state="dead"}')]).toEqual([0, undefined]);
  });

  it("shows the pools of gRPC servers, by their names in the config, as many as may be named", async () => {
    const server = await rawServer();
    const upstreams = { "a.*": { to: [server.address, "127.0.0.1:9"], pool: { size: 3 } }, "b.*": { to: server.address } };
    const { gate, page } = await open({ maxRoutes: 1 });
    await gate.open(grpc({ port: 0, upstreams }));
    const address = gate.addresses.find(({ transport }) => transport === "grpc")!.url.slice("grpc://".length);
    const call = rawCall(rawSession(address));
    await eventuallyTrue("it runs", () => server.waiting.length === 1);
    await eventuallyTrue("the other server is down", async () => (await page()).get('gate_pool_servers{pool="a.*",state="down"}') === 1);
    const now = await page();
    expect(now.get('gate_pool_servers{pool="a.*",state="ready"}')).toBe(1);
    expect(now.get('gate_pool_calls{pool="a.*"}')).toBe(1);
    expect(now.get('gate_pool_capacity{pool="a.*"}')).toBe(3);
    expect(now.get('gate_pool_connections{pool="a.*"}')).toBeGreaterThan(0);
    expect(now.get('gate_pool_waiting{pool="a.*"}')).toBe(0);
    expect(now.get('gate_pool_servers{pool="other",state="ready"}')).toBe(1);
    server.answerAll();
    await call;
  });

  it("keeps the number of its lines bounded: routes beyond the bound share one label, and are counted", async () => {
    const { client, page } = await open({ by: "target", maxRoutes: 1 });
    await client.call("shop.buy", [1]);
    await client.call("shop.ask");
    await client.call("shop.ask");
    const now = await page();
    expect(now.get('gate_jobs_total{route="shop.buy",code="ok"}')).toBe(1);
    expect(now.get('gate_jobs_total{route="other",code="ok"}')).toBe(2);
    expect(now.get("gate_label_overflow_total")).toBe(2);
    const routes = new Set([...now.keys()].flatMap((name) => /route="([^"]*)"/.exec(name)?.[1] ?? []));
    expect([...routes].toSorted()).toEqual(["other", "shop.buy"]);
  });

  it("does not let callers choose labels: whatever nobody serves is unknown", async () => {
    const { client, page } = await open({ by: "target" });
    for (let at = 0; at < 20; at++) await expect(client.call(`made.up${at}`)).rejects.toThrow("made.up");
    const now = await page();
    expect(now.get('gate_jobs_total{route="unknown",code="not_found"}')).toBe(20);
    expect([...now.keys()].join("\n")).not.toContain("made");
  });

  it("is where the options say, and of each gate alone", async () => {
    const one = await open({ path: "/figures" });
    const other = await open();
    await one.client.call("shop.ask");
    expect((await one.page()).get('gate_jobs_total{route="*",code="ok"}')).toBe(1);
    expect((await other.page()).get('gate_jobs_total{route="*",code="ok"}')).toBe(undefined);
    expect((await fetch(`${one.gate.addresses[0]!.url}/metrics`)).status).toBe(404);
  });

  it("tells every mistake of its options before a port opens", () => {
    const wrong = { byy: "route", by: "worker", maxRoutes: 0, buckets: [2, 1], path: "metrics" } as unknown as MetricsOptions;
    const make = (): Gate => createGate({ transports: [http()], plugins: [metrics(wrong)] });
    for (const fault of [
      "plugins[0].byy: is not a known key; did you mean by?",
      'plugins[0].by: "worker" is not a label\'s source; write "route" or "target"',
      "plugins[0].maxRoutes: 0 is not a number of routes; write 1 or more",
      "plugins[0].buckets: [2,1] are not bounds that rise",
      'plugins[0].pages: "metrics" is not a path',
    ])
      expect(make).toThrow(fault);
  });
});
