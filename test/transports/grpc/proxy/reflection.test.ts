import { createWorker, defineService } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { grpc, type GrpcOptions } from "unigate/grpc";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { callByReflection } from "../../../../transports/grpc/client/call-by-reflection.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { workspace } from "../../../support/workspace.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { freePort } from "../../../support/processes.ts";
import { collect } from "../native/grpc-client.ts";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { reflectingServer as changingServer } from "../native/reflecting-server.ts";
import { kitchenServer } from "../native/upstream.ts";
import { nameServer } from "./name-server.ts";
import { startGate } from "./gate.ts";
import { answer, rawCall, rawServer, rawSession } from "./raw-server.ts";
import { memory } from "../../../support/memory.ts";

const file = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;

/** A gRPC server with reflection, which is a gate with a worker; closed when the test is over. */
async function reflectingServer(port = 0): Promise<string> {
  return (await kitchenGate(port)).address;
}

/** The same, of the version that `proto` describes. */
async function kitchenGate(port = 0, proto = file, host = "127.0.0.1"): Promise<{ address: string; close: () => Promise<void> }> {
  const gate = createGate({ settle: 0, transports: [grpc({ port, host, protos: [proto] })] });
  await gate.start();
  const service = defineService("Kitchen", {
    say: ({ text }: { text: string }) => ({ text: text.toUpperCase() }),
    shout: ({ text }: { text: string }) => ({ text: `${text.toUpperCase()}!` }),
    *count({ number }: { number: number }) {
      for (let at = 1; at <= number; at++) yield { number: at };
    },
  });
  const worker = createWorker({ services: [service], open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  const close = async (): Promise<void> => {
    await worker.close();
    await gate.close();
  };
  onTestFinished(close);
  return { address: new URL(gate.addresses[0]!.url.replace("grpc:", "http:")).host, close };
}

/** A .proto with these methods. */
async function protoOf(...methods: string[]): Promise<string> {
  const rpcs = methods.map((name) => `rpc ${name}(Line) returns (Line);`).join(" ");
  const text = `syntax = "proto3"; package kitchen.v1; message Line { string text = 1; } service Kitchen { ${rpcs} }`;
  return `${await workspace({ "kitchen.proto": text })}/kitchen.proto`;
}

async function gateOf(upstreams: GrpcOptions["upstreams"]): Promise<{ gate: Gate; url: string; grpcUrl: URL }> {
  const gate = createGate({
    settle: 0,
    transports: [http({ port: 0 }), grpc({ port: 0, ...(upstreams === undefined ? {} : { upstreams }) })],
  });
  await gate.start();
  onTestFinished(() => gate.close());
  const urlOf = (name: string): string => gate.addresses.find(({ transport }) => transport === name)!.url;
  return { gate, url: urlOf("http"), grpcUrl: new URL(urlOf("grpc")) };
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

describe("a gRPC server with reflection", () => {
  it("is called with JSON, and no .proto is named", async () => {
    const { url } = await gateOf({ "kitchen.v1.*": { to: await reflectingServer() } });
    await eventuallyTrue("its methods are known", async () => (await post(`${url}/kitchen.v1.Kitchen/Say`, { text: "a" })).status === 200);
    expect(await (await post(`${url}/kitchen.v1.Kitchen/Say`, { text: "hi" })).json()).toEqual({ text: "HI", number: 0 });
    expect(await (await post(`${url}/call/kitchen.v1.Kitchen.Say`, { text: "hi" })).json()).toEqual({ text: "HI", number: 0 });
    const lines = await (await post(`${url}/call/kitchen.v1.Kitchen.Count`, { number: 3 })).text();
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { number: number }).number),
    ).toEqual([1, 2, 3]);
  });

  it("is asked again until it answers", async () => {
    const port = await freePort();
    const { gate } = await gateOf({ "kitchen.v1.*": { to: `127.0.0.1:${port}` } });
    expect(gate.status.services()).toEqual([]);
    await reflectingServer(port);
    await eventuallyTrue("its methods are known", () => gate.status.services().some(({ name }) => name === "kitchen.v1.Kitchen"));
  });

  it("tells of its new methods when it has been redeployed, and callers with JSON reach them", async () => {
    const before = await kitchenGate(0, await protoOf("Say"));
    const { url } = await gateOf({ "kitchen.v1.*": { to: before.address } });
    const status = async (method: string): Promise<number> => (await post(`${url}/kitchen.v1.Kitchen/${method}`, { text: "a" })).status;
    await eventuallyTrue("its methods are known", async () => (await status("Say")) === 200);
    expect(await status("Shout")).toBe(404);
    await before.close();
    await kitchenGate(Number(before.address.split(":")[1]), await protoOf("Say", "Shout"));
    await eventuallyTrue("the new one is known", async () => (await status("Shout")) === 200);
    expect(await status("Say")).toBe(200);
  });

  it("that joins by its name tells of its own methods", async () => {
    const before = await kitchenGate(0, await protoOf("Say"));
    const port = before.address.split(":")[1];
    await kitchenGate(Number(port), await protoOf("Say", "Shout"), "127.0.0.2");
    const names = { now: ["127.0.0.1"] };
    const to = `dns://${await nameServer(names)}/kitchen.test:${port}`;
    const { url } = await gateOf({ "kitchen.v1.*": { to, resolveEvery: 50 } });
    const status = async (method: string): Promise<number> => (await post(`${url}/kitchen.v1.Kitchen/${method}`, { text: "a" })).status;
    await eventuallyTrue("the first is known", async () => (await status("Say")) === 200);
    expect(await status("Shout")).toBe(404);
    names.now = ["127.0.0.2"];
    await eventuallyTrue("the second is known", async () => (await status("Shout")) === 200);
  });

  it("is asked again every five minutes: it may serve more, and callers with JSON cannot ask for it", async () => {
    const clock = new ManualClock();
    let protos = await loadProtos([await protoOf("Say")]);
    const to = await changingServer(() => protos);
    const { gate } = await startGate({ upstreams: { "kitchen.v1.*": { to } } }, {}, { clock });
    const names = (): string[] => gate.status.services().flatMap(({ methods }) => methods.map(({ name }) => name));
    await eventuallyTrue("its method is known", () => names().join() === "kitchen.v1.Kitchen.Say");
    protos = await loadProtos([await protoOf("Say", "Shout")]);
    clock.advance(300_000);
    await eventuallyTrue("the new one is known", () => names().includes("kitchen.v1.Kitchen.Shout"));
  });

  it("is asked again when somebody calls a method that it has not told of, and not with every such call", async () => {
    const clock = new ManualClock();
    const server = await rawServer({ serve: (stream) => answer(stream) });
    const { address } = await startGate({ upstreams: { "a.*": { to: server.address } } }, {}, { clock });
    // By v1 and by v1alpha, and it has neither.
    await eventuallyTrue("it is asked", () => server.reflections === 2);
    const session = rawSession(address);
    for (const method of ["C", "D", "E"]) expect((await rawCall(session, { path: `/a.B/${method}` })).status).toBe(0);
    expect(server.reflections).toBe(2);
    clock.advance(10_000);
    await eventuallyTrue("it is asked again", () => server.reflections === 4);
    clock.advance(60_000);
    expect((await rawCall(session)).status).toBe(0);
    expect(server.reflections).toBe(4);
  });

  it("tells its services by the gate's own reflection", async () => {
    const { grpcUrl } = await gateOf({ "kitchen.v1.*": { to: await reflectingServer() } });
    await eventuallyTrue("a call by reflection is answered", async () => {
      const call = await callByReflection(grpcUrl, "kitchen.v1.Kitchen/Say", [{ text: "reflected" }]).catch(() => undefined);
      const values = call === undefined ? [] : await collect(call.values);
      call?.close();
      return JSON.stringify(values) === '[{"text":"REFLECTED","number":0}]';
    });
  });
});

describe("callers with JSON", () => {
  it("reach an upstream with a name by that name, and the one without as it is", async () => {
    const to = `127.0.0.1:${await kitchenServer(file)}`;
    const { url } = await gateOf({
      "kitchen.v1.*": [
        { name: "eu", when: { authority: ":1" }, to, protos: [file] },
        { to, protos: [file] },
      ],
    });
    expect(await (await post(`${url}/kitchen.v1.Kitchen/Say`, { text: "all" })).json()).toMatchObject({ text: "ALL" });
    expect(await (await post(`${url}/call/@eu.kitchen.v1.Kitchen.Say`, { text: "eu" })).json()).toMatchObject({ text: "EU" });
  });

  it("are told what is missing when nothing is known of a server", async () => {
    const server = await rawServer();
    const { url, grpcUrl } = await gateOf({ "a.*": { to: server.address } });
    await expect(callByReflection(grpcUrl, "a.B/C", [{}])).rejects.toMatchObject({ code: "not_found" });
    const running = rawCall(rawSession(grpcUrl.host));
    await eventuallyTrue("the method is known", () => server.waiting.length === 1);
    const reply = await post(`${url}/call/a.B.C`, {});
    expect([reply.status, await reply.text()]).toEqual([404, expect.stringContaining("name its .proto in protos of the upstream")]);
    server.answerAll();
    expect((await running).status).toBe(0);
  });

  it("are told at the start which .proto cannot be read", async () => {
    const gate = createGate({ transports: [grpc({ port: 0, upstreams: { "*": { to: "x:1", protos: ["missing.proto"] } } })] });
    await expect(gate.start()).rejects.toMatchObject({ code: "invalid_argument", message: expect.stringContaining("missing.proto") });
    await gate.close();
  });
});
