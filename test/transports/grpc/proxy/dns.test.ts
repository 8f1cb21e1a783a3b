import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startGate } from "./gate.ts";
import { nameServer } from "./name-server.ts";
import { answer, rawCall, rawServer, rawSession } from "./raw-server.ts";

const ok = 0;
const unavailable = 14;

describe("an upstream by a dns name", () => {
  it("has the servers that the name stands for, which join and leave with it, and loses no call by that", async () => {
    const one = await rawServer();
    const two = await rawServer({ host: "127.0.0.2", port: one.port });
    const hosts = { now: ["127.0.0.1"] };
    const to = `dns://${await nameServer(hosts)}/asr.example.com:${one.port}`;
    const { address, gate } = await startGate({ upstreams: { "*": { to, resolveEvery: 50, authority: "server" } } });
    const session = rawSession(address);
    const first = rawCall(session);
    await eventuallyTrue("it runs", () => one.waiting.length === 1);
    expect(one.asked[0]?.[":authority"]).toBe(`asr.example.com:${one.port}`);
    hosts.now = ["127.0.0.2"];
    await eventuallyTrue(
      "the other has its place",
      () =>
        gate.status
          .workers()
          .map(({ id }) => id)
          .join() === two.address,
    );
    const second = rawCall(session);
    await eventuallyTrue("it runs there", () => two.waiting.length === 1);
    answer(one.waiting[0]!);
    answer(two.waiting[0]!);
    expect([(await first).status, (await second).status]).toEqual([ok, ok]);
    await eventuallyTrue("the connection to the first closes", () => one.connections.length === 0);
  });

  it("that nobody has is unavailable, until somebody has it", async () => {
    const server = await rawServer({ serve: (stream) => answer(stream) });
    const hosts: { now: readonly string[] } = { now: [] };
    const to = `dns://${await nameServer(hosts)}/asr.example.com:${server.port}`;
    const { address } = await startGate({ upstreams: { "*": { to, resolveEvery: 50 } } });
    const session = rawSession(address);
    expect((await rawCall(session)).status).toBe(unavailable);
    hosts.now = ["127.0.0.1"];
    await eventuallyTrue("it is found", async () => (await rawCall(session)).status === ok);
  });

  it("is looked up as the system does when no name server is named", async () => {
    const server = await rawServer({ serve: (stream) => answer(stream) });
    const { address } = await startGate({ upstreams: { "*": { to: `dns:///localhost:${server.port}`, health: { failures: 1 } } } });
    const session = rawSession(address);
    await eventuallyTrue("it answers", async () => (await rawCall(session)).status === ok);
  });
});
