import { connect, createWorker, defineService, GateError, type GateConfig, method } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { type ConnectionHandler, createMemoryPair, type Logger, type Plugin, type PluginHooks, type PluginHost } from "unigate/transport";
import { afterEach, describe, expect, it } from "vitest";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";
import { packMessage } from "../../../src/protocol/messages.ts";
import { protocolVersion, RecordType } from "../../../src/protocol/record.ts";
import { eventuallyTrue } from "../../support/eventually.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { memory } from "../../support/memory.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const noTransport: GateConfig["transports"][number] = {
  name: "none",
  start: () => Promise.resolve({ addresses: [], drain: () => Promise.resolve(), close: () => Promise.resolve() }),
};

const service = defineService("t", {
  echo: (value: unknown) => value,
  traced: (_value: unknown) => "seen",
  failing: method({}, () => {
    throw new GateError("aborted", "no luck");
  }),
});

/** A plugin of these hooks. */
function plugin(name: string, hooks: PluginHooks, more: Partial<Plugin> = {}): Plugin {
  return { name, start: () => hooks, ...more };
}

/** A gate with these plugins, a worker and a client, all in this process. */
async function open(
  plugins: Plugin[],
  config: Partial<GateConfig> = {},
): Promise<{ gate: Gate; call: (target: string, ...args: unknown[]) => Promise<unknown>; errors: string[] }> {
  const errors: string[] = [];
  const ignore = (): void => {};
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message, fields) => errors.push(`${message} ${String(fields?.["plugin"])}`),
  };
  const gate = createGate({ settle: 0, transports: [noTransport], plugins, ...config }, { logger });
  await gate.start();
  const worker = createWorker({ services: [service], id: "w1", open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  const client = connect("tcp://unused:1", { open: () => Promise.resolve(memory(gate)) });
  closing.push(
    () => gate.close(),
    () => worker.close(),
    () => client.close(),
  );
  return { gate, errors, call: async (target, ...args) => await client.call(target, args) };
}

describe("plugins", () => {
  it("hear a job come in, be given to a worker and end, in the order of the config", async () => {
    const heard: string[] = [];
    const noting = (name: string): Plugin =>
      plugin(name, {
        admitted: (run) => heard.push(`${name} admitted ${run.job.target} on ${run.route}`),
        dispatched: (_run, endpoint) => heard.push(`${name} dispatched to ${endpoint.id}`),
        settled: ({ state, worker, error }) => heard.push(`${name} settled ${state} by ${worker} ${error?.code ?? "ok"}`),
      });
    const { call } = await open([noting("a"), noting("b")], { routes: { "t.*": {} } });
    expect(await call("t.echo", 1)).toBe(1);
    await expect(call("t.failing")).rejects.toMatchObject({ code: "aborted" });
    expect(heard).toEqual([
      "a admitted t.echo on t.*",
      "b admitted t.echo on t.*",
      "a dispatched to w1",
      "b dispatched to w1",
      "a settled completed by w1 ok",
      "b settled completed by w1 ok",
      "a admitted t.failing on t.*",
      "b admitted t.failing on t.*",
      "a dispatched to w1",
      "b dispatched to w1",
      "a settled failed by w1 aborted",
      "b settled failed by w1 aborted",
    ]);
  });

  it("hear jobs for targets that nobody knows, without a route", async () => {
    const heard: unknown[] = [];
    const { call } = await open([plugin("a", { settled: ({ route, error }) => heard.push([route, error?.code]) })]);
    await expect(call("nobody.knows")).rejects.toMatchObject({ code: "not_found" });
    expect(heard).toEqual([[undefined, "not_found"]]);
  });

  it("hear workers join and leave", async () => {
    const heard: string[] = [];
    const { gate } = await open([plugin("a", { joined: ({ id }) => heard.push(`+${id}`), left: ({ id }) => heard.push(`-${id}`) })]);
    const other = createWorker({ services: [service], id: "w2", open: () => Promise.resolve(memory(gate)) });
    await other.start();
    await other.drain();
    expect(heard).toEqual(["+w1", "+w2", "-w2"]);
  });

  it("may refuse a job with an error of their own, and no worker sees it", async () => {
    const dispatched: string[] = [];
    const { call, errors } = await open([
      plugin("quota", {
        admitted: ({ job }) => {
          if (job.target === "t.echo") throw new GateError("resource_exhausted", "enough for today");
        },
        dispatched: ({ job }) => dispatched.push(job.target),
      }),
    ]);
    await expect(call("t.echo")).rejects.toMatchObject({ code: "resource_exhausted", message: "enough for today" });
    expect(await call("t.traced")).toBe("seen");
    expect(dispatched).toEqual(["t.traced"]);
    expect(errors).toEqual([]);
  });

  it.each(["admitted", "dispatched"] as const)("that throw in %s fail that job as internal, and the next one goes on", async (hook) => {
    let isBroken = true;
    const { gate, call, errors } = await open([
      plugin("broken", {
        [hook]: () => {
          if (isBroken) throw new TypeError("a bug of the plugin");
        },
      }),
    ]);
    await expect(call("t.echo", 1)).rejects.toMatchObject({ code: "internal", message: "the plugin broken threw: a bug of the plugin" });
    isBroken = false;
    expect(await call("t.echo", 2)).toBe(2);
    expect(errors).toEqual(["a plugin threw broken"]);
    expect(gate.status.info().jobs.open).toBe(0);
    expect(gate.status.workers().map(({ inFlight }) => inFlight)).toEqual([0]);
  });

  it("that throw when a job has ended keep no caller from its answer, and the plugins after them hear it", async () => {
    const heard: string[] = [];
    const broken = (): never => {
      throw new TypeError("a bug of the plugin");
    };
    const { call, errors } = await open([
      plugin("broken", { settled: broken, joined: broken, left: broken, close: broken }),
      plugin("whole", { settled: ({ state }) => heard.push(state) }),
    ]);
    expect(await call("t.echo", 1)).toBe(1);
    expect(heard).toEqual(["completed"]);
    expect(errors).toEqual(["a plugin threw broken", "a plugin threw broken"]);
  });

  it("that throw at their start are left out, and the gate starts with the others", async () => {
    const heard: string[] = [];
    const { call, errors } = await open([
      {
        name: "broken",
        start() {
          throw new Error("no disk");
        },
      },
      { name: "late", start: () => Promise.reject(new Error("no net")) },
      plugin("whole", { settled: ({ state }) => heard.push(state) }),
    ]);
    expect(await call("t.echo", 1)).toBe(1);
    expect(heard).toEqual(["completed"]);
    expect(errors).toEqual([
      "a plugin did not start, the gate goes on without it broken",
      "a plugin did not start, the gate goes on without it late",
    ]);
  });

  it("see what crosses the links of each carrier, and each beat that a peer leaves unanswered", async () => {
    let traffic: PluginHost["traffic"] = new Map();
    const clock = new ManualClock();
    const looking: Plugin = {
      name: "looking",
      start(host) {
        traffic = host.traffic;
        return {};
      },
    };
    const gate = createGate({ settle: 0, transports: [noTransport], plugins: [looking] }, { clock });
    closing.push(() => gate.close());
    await gate.start();
    const [mine, theirs] = createMemoryPair();
    let received = 0;
    // A peer that says hello, and then nothing any more.
    const peer: ConnectionHandler = { frame: (frame) => (received += frame.length), closed: () => {} };
    mine.open(peer);
    gate.accept(theirs);
    const outbox = new FrameWriter((frame) => mine.send(frame), 1000);
    outbox.record({ type: RecordType.hello }, packMessage({ version: protocolVersion, id: "p", incarnation: "1", agent: "test" }));
    outbox.flush();
    await eventuallyTrue("the gate answers the hello", () => received > 0);
    for (let beat = 1; beat <= 3; beat++) clock.advance(1000);
    const { framesIn, framesOut, bytesOut, missedBeats } = traffic.get("memory")!;
    expect([framesIn, missedBeats]).toEqual([1, 3]);
    await eventuallyTrue("every frame that was counted arrives", () => framesOut > 0 && received >= bytesOut);
  });

  it("with equal options go on over a reload; others are closed, and started anew", async () => {
    const heard: string[] = [];
    const counted = (name: string, options?: object): Plugin => ({
      name,
      ...(options === undefined ? {} : { options }),
      start() {
        heard.push(`${name} starts`);
        return { close: () => void heard.push(`${name} closes`) };
      },
    });
    const config = (size: number): GateConfig => ({
      settle: 0,
      transports: [noTransport],
      plugins: [counted("same", { a: 1 }), counted("sized", { size })],
    });
    const gate = createGate(config(1));
    await gate.start();
    await gate.reload(config(2));
    expect(heard).toEqual(["same starts", "sized starts", "sized starts", "sized closes"]);
    await gate.close();
    expect(heard.slice(4)).toEqual(["sized closes", "same closes"]);
  });
});
