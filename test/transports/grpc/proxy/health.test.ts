import type { ServerHttp2Stream } from "node:http2";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { freePort } from "../../../support/processes.ts";
import { startGate } from "./gate.ts";
import { answer, rawCall, rawServer, rawSession } from "./raw-server.ts";

const ok = 0;
const unavailable = 14;

describe("a server of an upstream that fails", () => {
  it("gets no more calls while another serves, and is let in slowly when it is back", async () => {
    const port = await freePort();
    const alive = await rawServer({ serve: (stream) => answer(stream) });
    const { address, gate } = await startGate({
      upstreams: { "*": { to: [alive.address, `127.0.0.1:${port}`], health: { failures: 1, ejectFor: 100 } } },
    });
    const session = rawSession(address);
    const stateOf = (id: string): string | undefined => gate.status.workers().find((worker) => worker.id === id)?.state;
    await eventuallyTrue("it is out", async () => {
      // Nothing of a call reached the server that is away, so it went on to the other.
      expect((await rawCall(session)).status).toBe(ok);
      return stateOf(`127.0.0.1:${port}`) === "down";
    });
    const back = await rawServer({ port });
    await eventuallyTrue("it is on trial", () => stateOf(back.address) === "ready");
    const running = [1, 2, 3, 4].map(() => rawCall(session));
    await eventuallyTrue("it is tried", () => back.waiting.length > 0);
    // A few, not the thousand that it takes: the other calls are with the other server.
    expect(gate.status.workers().find(({ id }) => id === back.address)?.capacity).toBeLessThan(10);
    const answering = setInterval(() => back.answerAll(), 10);
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([ok, ok, ok, ok]);
    clearInterval(answering);
  });

  it("is tried again at once when the last one fails, too", async () => {
    const [one, other] = [await rawServer({ serve: (stream) => answer(stream) }), await rawServer({ serve: (stream) => answer(stream) })];
    const { address, gate } = await startGate({
      upstreams: { "*": { to: [one.address, other.address], health: { failures: 1, ejectFor: "1h", watch: false }, reflection: false } },
    });
    const session = rawSession(address);
    const call = async (): Promise<number> => (await rawCall(session)).status;
    await one.close();
    await eventuallyTrue("it is ejected", async () => {
      await call();
      return gate.status.workers().find(({ id }) => id === one.address)?.state === "down";
    });
    await rawServer({ port: one.port, serve: (stream) => answer(stream) });
    await other.close();
    await eventuallyTrue("it answers", async () => (await call()) === ok);
  });

  it("keeps its calls when it is the last", async () => {
    const port = await freePort();
    const { address, gate } = await startGate({ upstreams: { "*": { to: `127.0.0.1:${port}`, health: { failures: 1 } } } });
    const session = rawSession(address);
    expect((await rawCall(session)).status).toBe(unavailable);
    expect(gate.status.workers().map(({ state }) => state)).toEqual(["ready"]);
    await rawServer({ port, serve: (stream) => answer(stream) });
    expect((await rawCall(session)).status).toBe(ok);
  });
});

/** The answer of a health service: 1 is serving, 2 is not. */
function status(one: 1 | 2): Buffer {
  return Buffer.of(0, 0, 0, 0, 2, 8, one);
}

describe("a server that tells its health", () => {
  it("gets no calls while it says that it does not serve", async () => {
    const watches: ServerHttp2Stream[] = [];
    const health = (stream: ServerHttp2Stream): void => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(status(2));
      watches.push(stream);
    };
    const server = await rawServer({ health, serve: (stream) => answer(stream) });
    const { address, gate } = await startGate({ upstreams: { "*": { to: server.address } } });
    await eventuallyTrue("it is down", () => gate.status.workers()[0]?.state === "down");
    const call = rawCall(rawSession(address));
    await eventuallyTrue("the call waits", () => gate.status.queues()[0]?.depth === 1);
    watches[0]?.write(status(1));
    expect((await call).status).toBe(ok);
  });

  it("leaves rotation when it dies, although nobody calls it", async () => {
    const health = (stream: ServerHttp2Stream): void => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(status(1));
    };
    const [one, other] = [await rawServer({ health }), await rawServer({ health, serve: (stream) => answer(stream) })];
    const { address, gate } = await startGate({ upstreams: { "*": { to: [one.address, other.address], health: { failures: 1 } } } });
    await eventuallyTrue("both are watched", () => one.sessions === 1 && other.sessions === 1);
    await one.close();
    await eventuallyTrue("it is down", () => gate.status.workers().find(({ id }) => id === one.address)?.state === "down");
    expect((await rawCall(rawSession(address))).status).toBe(ok);
  });
});
