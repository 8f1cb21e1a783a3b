import { describe, expect, it } from "vitest";
import { leastConnections } from "unigate";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startGate } from "./gate.ts";
import { answer, rawCall, rawServer, rawSession } from "./raw-server.ts";

const ok = 0;
const resourceExhausted = 8;

describe("a strict pool", () => {
  it("never has more calls on a server than its size, and the next waits for a place", async () => {
    const server = await rawServer();
    const { address } = await startGate({ upstreams: { "*": { to: server.address, pool: { size: 2 } } } });
    const session = rawSession(address);
    const calls = [1, 2, 3].map(() => rawCall(session));
    await eventuallyTrue("two calls run", () => server.waiting.length === 2);
    answer(server.waiting[0]!);
    await eventuallyTrue("the third runs", () => server.asked.length === 3);
    expect(server.waiting.length).toBe(2);
    server.answerAll();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([ok, ok, ok]);
  });

  it("answers resource_exhausted to a call that has waited for acquireTimeout", async () => {
    const server = await rawServer();
    const { address } = await startGate({ upstreams: { "*": { to: server.address, pool: { size: 1, acquireTimeout: 50 } } } });
    const session = rawSession(address);
    const running = rawCall(session);
    await eventuallyTrue("one runs", () => server.waiting.length === 1);
    expect(await rawCall(session)).toMatchObject({ status: resourceExhausted, message: expect.stringContaining("busy for 50 ms") });
    server.answerAll();
    expect((await running).status).toBe(ok);
  });
});

describe("a loose pool", () => {
  it("overflows to `overflow` times its size once every server is full, evenly, and is back at its size afterwards", async () => {
    const servers = [await rawServer(), await rawServer()];
    const { address, gate } = await startGate({
      upstreams: {
        "*": {
          to: servers.map((one) => one.address),
          strategy: leastConnections(),
          pool: { size: 2, mode: "loose", overflow: 2, connections: 1, acquireTimeout: 50 },
        },
      },
    });
    const session = rawSession(address);
    const running = Array.from({ length: 8 }, () => rawCall(session));
    await eventuallyTrue("eight run", () => servers.every(({ waiting }) => waiting.length === 4));
    expect(servers.map(({ connections }) => connections.length)).toEqual([2, 2]);
    expect((await rawCall(session)).status).toBe(resourceExhausted);
    for (const server of servers) server.answerAll();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => ok));
    await eventuallyTrue("the connections of the overflow close", () => servers.every(({ connections }) => connections.length === 1));
    expect(gate.status.workers().map(({ capacity }) => capacity)).toEqual([2, 2]);
  });
});

describe("what a gate tells of a pool", () => {
  it("is how many calls run on each server, on how many connections, and how many more it takes", async () => {
    const server = await rawServer();
    const { address, gate } = await startGate({ upstreams: { "shop.*": { to: server.address, pool: { size: 3, mode: "loose" } } } });
    const session = rawSession(address);
    const calls = [rawCall(session, { path: "/shop.Till/Pay" }), rawCall(session, { path: "/shop.Till/Pay" })];
    await eventuallyTrue("two calls run", () => server.waiting.length === 2);
    const running = { address: server.address, state: "ready", connections: 2, calls: 2, capacity: 3 };
    expect(gate.status.pools()).toEqual([{ name: "shop.*", transport: "grpc", size: 3, limit: 15, waiting: 0, servers: [running] }]);
    server.answerAll();
    await Promise.all(calls);
    expect(gate.status.pools()[0]!.servers[0]!.calls).toBe(0);
  });

  it("is that a server is down, and not that it missed heartbeats, of which it has none", async () => {
    const server = await rawServer();
    const { address, gate } = await startGate({ upstreams: { "a.*": { to: [server.address, "127.0.0.1:9"] } } });
    const session = rawSession(address);
    const call = rawCall(session);
    await eventuallyTrue("the call runs", () => server.waiting.length === 1);
    server.answerAll();
    await call;
    await eventuallyTrue("the other is down", () => gate.status.pools()[0]!.servers.some(({ state }) => state === "down"));
    const other = gate.status.explain("a.B.C").candidates.find(({ isCandidate }) => !isCandidate);
    expect(other).toMatchObject({ id: "127.0.0.1:9", reason: "down" });
  });
});

describe("the connections of a pool", () => {
  it("close when nothing has run on them for `idle`, and open again for the next call", async () => {
    const server = await rawServer({ serve: (stream) => answer(stream) });
    const { address } = await startGate({ upstreams: { "*": { to: server.address, pool: { idle: 50 } } } });
    const session = rawSession(address);
    expect((await rawCall(session)).status).toBe(ok);
    expect(server.opened).toBe(1);
    await eventuallyTrue("it closes", () => server.connections.length === 0);
    expect((await rawCall(session)).status).toBe(ok);
    expect(server.opened).toBe(2);
  });

  it("take no new calls after `maxLifetime`, and no call is lost by it", async () => {
    const server = await rawServer();
    const { address } = await startGate({
      upstreams: { "*": { to: server.address, pool: { connections: 1, maxLifetime: 100 } } },
    });
    const session = rawSession(address);
    const first = rawCall(session);
    await eventuallyTrue("the first runs", () => server.waiting.length === 1);
    const calls = [first];
    await eventuallyTrue("a call comes on another connection", () => {
      calls.push(rawCall(session));
      return server.opened > 1;
    });
    await eventuallyTrue("all run", () => server.waiting.length === calls.length);
    server.answerAll();
    expect((await Promise.all(calls)).every(({ status }) => status === ok)).toBe(true);
    await eventuallyTrue("the old connection closes", () => server.connections.length <= 1);
  });

  it("are as many as the server's limit of streams asks for", async () => {
    const server = await rawServer({ maxStreams: 2 });
    const { address } = await startGate({
      upstreams: { "*": { to: server.address, pool: { size: 6, connections: 1 } } },
    });
    const session = rawSession(address);
    const first = rawCall(session);
    await eventuallyTrue("the limit is known", () => server.waiting.length === 1);
    const calls = [first, ...[1, 2, 3, 4, 5].map(() => rawCall(session))];
    await eventuallyTrue("all run", () => server.waiting.length === 6);
    expect(server.opened).toBe(3);
    server.answerAll();
    await Promise.all(calls);
  });
});

describe("the figures of the pools", () => {
  it("stand in the gate's info, by upstream and server", async () => {
    const server = await rawServer();
    const { address, gate } = await startGate({ upstreams: { "a.*": { to: server.address, pool: { size: 3 } } } });
    const running = rawCall(rawSession(address));
    await eventuallyTrue("one runs", () => server.waiting.length === 1);
    expect(gate.status.info().transports).toMatchObject([
      {
        name: "grpc",
        details: {
          upstreams: {
            "a.*": { size: 3, limit: 3, servers: [{ address: server.address, state: "ready", capacity: 3, calls: 1, connections: 1 }] },
          },
        },
      },
    ]);
    server.answerAll();
    await running;
  });
});
