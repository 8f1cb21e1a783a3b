import { grpc, type GrpcOptions } from "unigate/grpc";
import { describe, expect, it } from "vitest";
import { startGate } from "./gate.ts";
import { answer, rawCall, type RawServer, rawServer, rawSession } from "./raw-server.ts";

const unimplemented = 12;

/** A server that answers with its name. */
function named(name: string): Promise<RawServer> {
  return rawServer({ serve: (stream) => answer(stream, name) });
}

/** The text of the one message of an answer. */
function textOf({ body }: { body: Buffer }): string {
  return body.subarray(5).toString();
}

function faultsOf(upstreams: unknown): string[] {
  const faults = grpc({ upstreams } as GrpcOptions).check?.() ?? [];
  return faults.map(({ path, problem }) => `${path} ${problem}`);
}

describe("a proxied call", () => {
  it("goes to the most specific pattern of its service and method", async () => {
    const [all, service, method] = await Promise.all([named("all"), named("service"), named("method")]);
    const { address } = await startGate({
      upstreams: { "*": { to: all.address }, "a.B.*": { to: service.address }, "a.B.C": { to: method.address } },
    });
    const session = rawSession(address);
    const texts = await Promise.all(["/a.B/C", "/a.B/D", "/a.Bee/C"].map(async (path) => textOf(await rawCall(session, { path }))));
    expect(texts).toEqual(["method", "service", "all"]);
  });

  it("goes where its authority belongs, by all of it or by the port alone", async () => {
    const [eu, port, rest] = await Promise.all([named("eu"), named("port"), named("rest")]);
    const { address } = await startGate({
      upstreams: {
        "a.*": [
          { name: "eu", when: { authority: "EU.example.com:443" }, to: eu.address },
          { name: "port", when: { authority: [":8443", ":9443"] }, to: port.address },
          { to: rest.address },
        ],
      },
    });
    const session = rawSession(address);
    const asked = ["eu.example.com:443", "eu.example.com", "us.example.com:9443", "us.example.com:443"];
    const texts = await Promise.all(
      asked.map(async (authority) => textOf(await rawCall(session, { headers: { ":authority": authority } }))),
    );
    expect(texts).toEqual(["eu", "rest", "port", "rest"]);
  });

  it("goes where its metadata says, and to the next pattern when it meets no upstream of the first", async () => {
    const [gold, all] = await Promise.all([named("gold"), named("all")]);
    const { address, gate } = await startGate({
      upstreams: {
        "a.B.*": { name: "gold", when: { metadata: { "x-tier": ["gold", "platinum"], "x-zone": "1" } }, to: gold.address },
        "a.*": { to: all.address },
      },
    });
    const session = rawSession(address);
    const asked = [{ "x-tier": "gold", "x-zone": "1" }, { "x-tier": "platinum, lead", "x-zone": "1" }, { "x-tier": "gold" }, {}];
    const texts = await Promise.all(asked.map(async (headers) => textOf(await rawCall(session, { headers }))));
    expect(texts).toEqual(["gold", "gold", "all", "all"]);
    expect(gate.status.queues().map(({ target, completed }) => [target, completed])).toEqual([
      ["@gold.a.B.C", 2],
      ["a.B.C", 2],
    ]);
  });

  it("tells the server the authority that its caller named, the server's own or another, as the config says", async () => {
    const server = await named("one");
    const { address } = await startGate({
      upstreams: {
        "a.*": { to: server.address },
        "b.*": { to: server.address, authority: "server" },
        "c.*": { to: server.address, authority: "c.example" },
      },
    });
    const session = rawSession(address);
    for (const path of ["/a.B/C", "/b.B/C", "/c.B/C", "/a.B/C"])
      await rawCall(session, { path, headers: { ":authority": "eu.example.com" } });
    await rawCall(session);
    const told = server.asked.map((headers) => headers[":authority"]);
    expect(told).toEqual(["eu.example.com", server.address, "c.example", "eu.example.com", address]);
  });

  it("that no upstream takes is unimplemented", async () => {
    const one = await named("one");
    const { address } = await startGate({ upstreams: { "a.*": { name: "one", when: { authority: ":1" }, to: one.address } } });
    expect((await rawCall(rawSession(address))).status).toBe(unimplemented);
    expect((await rawCall(rawSession(address), { path: "/b.C/D" })).status).toBe(unimplemented);
  });
});

describe("the faults of upstreams", () => {
  it("are all told, each with its place", () => {
    expect(
      faultsOf({
        "a b": { to: "x:1" },
        "a.*": [{ to: "x:1" }, { when: {}, to: [] }, { name: "a b", when: { authority: "", metadata: { "x y": 1 } }, to: "x:1" }],
        "b.*": { name: "n", to: "x:1", pool: { size: 0, mode: "wide", overflow: 2 }, health: { failures: 0, retry: 1 }, authority: "a b" },
        "c.*": { name: "n", when: { autority: "x" }, to: "x" },
      }),
    ).toEqual([
      'upstreams["a b"] is not a pattern',
      'upstreams["a.*"][0] takes every call, and those after it none',
      'upstreams["a.*"][1].when names no condition',
      'upstreams["a.*"][1].name is missing',
      'upstreams["a.*"][1].to is not a server or a list of servers',
      'upstreams["a.*"][2].when.authority is not a name or a list of names',
      'upstreams["a.*"][2].when.metadata["x y"] is not a metadata key',
      'upstreams["a.*"][2].when.metadata["x y"] is not a value or a list of values',
      'upstreams["a.*"][2].name is not a name',
      'upstreams["b.*"].name has no use without a when',
      'upstreams["b.*"].pool.size 0 is not a whole number from 1',
      'upstreams["b.*"].pool.mode "wide" is not a mode',
      'upstreams["b.*"].pool.overflow means nothing in a strict pool',
      'upstreams["b.*"].health.failures is not a whole number from 1',
      'upstreams["b.*"].health.retry is not a known key',
      'upstreams["b.*"].authority is not a name',
      'upstreams["c.*"].when names no condition',
      'upstreams["c.*"].when.autority is not a known key',
      'upstreams["c.*"].to is not a server or a list of servers',
      'upstreams["c.*"].name is another upstream\'s name',
    ]);
  });
});
