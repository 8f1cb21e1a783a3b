import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { context, trace } from "@opentelemetry/api";
import { type Client, connect, createWorker, currentJob, defineService, GateError, type ServiceDefinition } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { grpc } from "unigate/grpc";
import { http, type HttpOptions } from "unigate/http";
import { callSpans, jobSpans, tracing } from "unigate/plugins/tracing";
import { redis } from "unigate/redis";
import { zmq } from "unigate/zmq";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../support/redis-server.ts";
import { startServer } from "../support/http-server.ts";
import { endedSpans, lineOf, registerTelemetry } from "./tracing-world.ts";
import { memory } from "../support/memory.ts";

beforeAll(registerTelemetry);

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const callersSpan = "b7ad6b7169203331";

const echo = defineService("echo", {
  say: (text: string) => text,
  headers: () => [currentJob().metadata.get("traceparent"), currentJob().metadata.get("tracestate")],
  active: () => trace.getActiveSpan()?.spanContext().spanId,
  later: async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return trace.getActiveSpan()?.spanContext().spanId;
  },
  async *each() {
    yield trace.getActiveSpan()?.spanContext().spanId;
    await new Promise((resolve) => setImmediate(resolve));
    yield trace.getActiveSpan()?.spanContext().spanId;
  },
  fail: () => {
    throw new GateError("failed_precondition", "not today");
  },
});

/** What a gate is reached by: the transport's name in the gate's addresses, and the scheme that links have. */
const carriers = ["memory", "zmq", "http", "grpc", "redis"] as const;
type Carrier = (typeof carriers)[number];

async function openGate(carrier: Carrier, options: HttpOptions = {}): Promise<{ gate: Gate; url: string | undefined }> {
  const server = carrier === "redis" ? await RedisServer.start() : undefined;
  const transports = [
    http({ port: 0, ...options }),
    zmq({ bind: "tcp://127.0.0.1:*" }),
    grpc({ port: 0 }),
    ...(server === undefined ? [] : [redis({ url: server.url })]),
  ];
  const gate = createGate({ settle: 0, transports, plugins: [tracing()] });
  await gate.start();
  onTestFinished(async () => {
    await gate.close();
    await server?.[Symbol.asyncDispose]();
  });
  const address = gate.addresses.find(({ transport }) => transport === carrier)?.url;
  return { gate, url: server?.url ?? address?.replace(/^http/, carrier === "grpc" ? "grpc" : "ws") };
}

/** A gate with a worker and a client over one carrier, all three traced. */
async function open(carrier: Carrier, service: ServiceDefinition = echo): Promise<{ gate: Gate; client: Client }> {
  const { gate, url } = await openGate(carrier);
  const way = url === undefined ? { open: () => Promise.resolve(memory(gate)) } : { gate: url };
  const worker = createWorker({ services: [service], id: "w1", observer: jobSpans(), ...way });
  onTestFinished(() => worker.close());
  await worker.start();
  const client = connect(url, { observer: callSpans(), ...way });
  onTestFinished(() => client.close());
  await client.ready();
  return { gate, client };
}

describe.each(carriers)("over %s, a trace", (carrier) => {
  it("goes from the caller's span to the gate's to the worker's", async () => {
    const { client } = await open(carrier);
    await client.call("echo.say", ["hello"]);
    expect(lineOf(await endedSpans(3))).toEqual(["client echo.say", "server echo.say", "server echo.say"]);
  });

  it("goes on in what the handler calls", async () => {
    let inner: Client | undefined;
    const front = defineService("front", { ask: () => inner!.call("front.say"), say: () => "hello" });
    const { client } = await open(carrier, front);
    inner = client;
    await client.call("front.ask");
    expect(lineOf(await endedSpans(6))).toEqual([
      "client front.ask",
      "server front.ask",
      "server front.ask",
      "client front.say",
      "server front.say",
      "server front.say",
    ]);
  });
});

describe("a trace", () => {
  it("has the worker's span active in the handler, after a wait and in a stream too", async () => {
    const { client } = await open("memory");
    for (const method of ["active", "later", "each"]) {
      const seen = new Set([await client.call(`echo.${method}`)].flat());
      const spans = await endedSpans(3);
      const workers = spans.find(({ parentSpanContext }) =>
        spans.some((one) => one.spanContext().spanId === parentSpanContext?.spanId && one.parentSpanContext !== undefined),
      );
      expect([...seen], method).toEqual([workers!.spanContext().spanId]);
    }
  });

  it("begins where the caller's code has its own span", async () => {
    const { client } = await open("memory");
    const own = trace.getTracer("test").startSpan("own");
    await context.with(trace.setSpan(context.active(), own), () => client.call("echo.say", ["x"]));
    own.end();
    const line = lineOf(await endedSpans(4));
    expect(line).toEqual(["internal own", "client echo.say", "server echo.say", "server echo.say"]);
  });

  it("comes in with an HTTP request's traceparent, and tracestate crosses to the worker", async () => {
    const { gate } = await open("memory");
    const headers = { traceparent, tracestate: "vendor=1,other=2" };
    const response = await fetch(`${gate.addresses[0]!.url}/call/echo.headers`, { method: "POST", headers });
    const [parent, state] = (await response.json()) as string[];
    const spans = await endedSpans(2);
    expect(lineOf(spans, callersSpan)).toEqual(["server echo.headers", "server echo.headers"]);
    const ofGate = spans.find(({ parentSpanContext }) => parentSpanContext?.spanId === callersSpan)!.spanContext();
    expect([parent, state]).toEqual([`00-0af7651916cd43dd8448eb211c80319c-${ofGate.spanId}-01`, "vendor=1,other=2"]);
  });

  it("stays with a job that its caller does not wait for", async () => {
    const { gate } = await open("memory");
    const headers = { traceparent, prefer: "respond-async" };
    expect((await fetch(`${gate.addresses[0]!.url}/call/echo.say`, { method: "POST", headers, body: '"x"' })).status).toBe(202);
    expect(lineOf(await endedSpans(2), callersSpan)).toEqual(["server echo.say", "server echo.say"]);
  });

  it("goes out to HTTP servers behind the gate as a header", async () => {
    let heard: string | undefined;
    const server = await startServer((request, response) => {
      heard = String(request.headers["traceparent"]);
      response.end("ok");
    });
    const { gate } = await openGate("http", { proxy: [{ path: "/shop/*", to: server.url }] });
    expect(await (await fetch(`${gate.addresses[0]!.url}/shop/1`, { headers: { traceparent } })).text()).toBe("ok");
    const [span] = await endedSpans(1);
    expect(span!.parentSpanContext!.spanId).toBe(callersSpan);
    expect(heard).toBe(`00-0af7651916cd43dd8448eb211c80319c-${span!.spanContext().spanId}-01`);
  });

  it("crosses the gate to gRPC servers behind it as metadata", async () => {
    const { promise: heard, resolve } = Promise.withResolvers<unknown>();
    const server = createHttp2Server((request, response) => {
      // The gate also asks the server how it is.
      if (request.url === "/shop.v1.Shop/Buy") resolve(request.headers["traceparent"]);
      response.writeHead(200, { "content-type": "application/grpc", "grpc-status": "0" });
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gate = createGate({
      settle: 0,
      transports: [grpc({ port: 0, upstreams: { "shop.v1.*": { to: upstream } } })],
      plugins: [tracing()],
    });
    await gate.start();
    const caller = connectHttp2(gate.addresses[0]!.url.replace("grpc", "http"));
    onTestFinished(async () => {
      caller.destroy();
      await gate.close();
      server.close();
    });
    const path = { ":method": "POST", ":path": "/shop.v1.Shop/Buy", "content-type": "application/grpc", te: "trailers" };
    caller
      .request({ ...path, traceparent })
      .on("error", () => {})
      .end(Buffer.alloc(5));
    const [, , spanId] = String(await heard).split("-");
    const [span] = await endedSpans(1);
    expect(span!.parentSpanContext!.spanId).toBe(callersSpan);
    expect(spanId).toBe(span!.spanContext().spanId);
  });

  it("begins anew when the header is malformed, all zero or of no known form", async () => {
    const { gate } = await open("memory");
    const zeros = `00-${"0".repeat(32)}-${callersSpan}-01`;
    for (const bad of ["", "00-abc-def-01", zeros, `ff${traceparent.slice(2)}`, `${traceparent}-more`]) {
      await fetch(`${gate.addresses[0]!.url}/call/echo.headers`, { method: "POST", headers: { traceparent: bad, tracestate: "v=1" } });
      expect(lineOf(await endedSpans(2)), bad).toHaveLength(2);
    }
    // A later version may say more.
    await fetch(`${gate.addresses[0]!.url}/call/echo.say`, { method: "POST", headers: { traceparent: `01${traceparent.slice(2)}-x` } });
    expect(lineOf(await endedSpans(2), callersSpan)).toHaveLength(2);
  });

  it("is not sampled by the gate when its caller did not", async () => {
    const { gate } = await open("memory");
    const response = await fetch(`${gate.addresses[0]!.url}/call/echo.headers`, {
      method: "POST",
      headers: { traceparent: traceparent.replace(/01$/, "00") },
    });
    const [parent] = (await response.json()) as string[];
    expect(parent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[\da-f]{16}-00$/);
  });

  it("says which route and worker a job had, and marks each span of a failed one with its code", async () => {
    const { client } = await open("zmq");
    await expect(client.call("echo.fail")).rejects.toThrow("not today");
    const spans = await endedSpans(3);
    for (const { status, attributes } of spans) {
      expect(status).toEqual({ code: 2, message: "not today" });
      expect(attributes).toMatchObject({ "rpc.service": "echo", "rpc.method": "fail", "error.type": "failed_precondition" });
    }
    const ofGate = spans.find(({ attributes }) => "gate.route" in attributes)!;
    expect(ofGate.attributes).toMatchObject({ "gate.route": "*", "gate.worker": "w1", "gate.attempts": 1 });
    expect(ofGate.events.map(({ name }) => name)).toEqual(["dispatched"]);
  });

  it("shows a job that nobody serves, and none of those who only look at the gate", async () => {
    const { client } = await open("memory");
    await client.discover();
    await endedSpans(1);
    await expect(client.call("nobody.knows")).rejects.toThrow("nobody");
    expect(lineOf(await endedSpans(2))).toEqual(["client nobody.knows", "server nobody.knows"]);
  });
});
