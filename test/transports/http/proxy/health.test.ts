import { expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer, startTcp } from "../../../support/http-server.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate } from "./proxy-world.ts";

const text = async (url: string, init?: RequestInit): Promise<string> => {
  const response = await fetch(url, init);
  return `${response.status} ${await response.text()}`;
};

test("a server that is not there costs no request: each goes to one that is, and the dead one is ejected", async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const { url: alive } = await startServer((_request, response) => response.end("ok"));
  const { gate, url } = await openGate({ proxy: [{ path: "/*", to: [dead, alive] }] });
  for (let at = 0; at < 10; at++)
    expect(await text(url, { method: at % 2 === 0 ? "POST" : "GET", body: at % 2 === 0 ? "x" : null })).toBe("200 ok");
  expect(gate.status.workers().find(({ address }) => address === dead)?.state).toBe("down");
});

test("an ejected server comes back on trial, and takes all its share again once it answers", async () => {
  const clock = new ManualClock();
  const port = await freePort();
  const at = `http://127.0.0.1:${port}`;
  const { url: other } = await startServer((_request, response) => response.end("other"));
  const health = { ejectFor: "5s", failures: 2 };
  const { gate, url } = await openGate({ proxy: [{ path: "/*", to: [{ url: at, connections: 4 }, other], health }] }, {}, { clock });
  const of = (): { state: string; capacity: number } => {
    const worker = gate.status.workers().find(({ address }) => address === at);
    return { state: worker?.state ?? "gone", capacity: worker?.capacity ?? 0 };
  };
  for (let turn = 0; turn < 4; turn++) expect(await text(url)).toBe("200 other");
  expect(of().state).toBe("down");
  clock.advance(5000);
  expect(of()).toEqual({ state: "ready", capacity: 1 });
  for (let turn = 0; turn < 2; turn++) expect(await text(url)).toBe("200 other");
  expect(of().state).toBe("down");
  clock.advance(5000);
  expect(of().state).toBe("down");
  clock.advance(5000);
  expect(of()).toEqual({ state: "ready", capacity: 1 });
  await startServer((_request, response) => response.end("back"), port);
  const answers = new Set<string>();
  for (let turn = 0; turn < 6; turn++) answers.add(await text(url));
  expect([...answers].sort()).toEqual(["200 back", "200 other"]);
  expect(of()).toEqual({ state: "ready", capacity: 4 });
});

test("the last server that is left is asked however often it failed, and the answer says why it is none", async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const { gate, url } = await openGate({ proxy: [{ path: "/*", to: dead }] });
  for (let turn = 0; turn < 5; turn++) expect(await text(url)).toMatch(/^502 .*cannot be reached: connect ECONNREFUSED/);
  expect(gate.status.workers().find(({ address }) => address === dead)?.state).toBe("ready");
});

test("a server whose checks fail gets no requests, and gets them again when they succeed", async () => {
  let isWell = true;
  let checks = 0;
  const sick = await startServer((request, response) => {
    if (request.url === "/up") checks++;
    response.writeHead(request.url === "/up" && !isWell ? 500 : 200).end("sick");
  });
  const well = await startServer((_request, response) => response.end("well"));
  const health = { path: "/up", interval: 20, failures: 1 };
  const { gate, url } = await openGate({ proxy: [{ path: "/*", to: [sick.url, well.url], health }] });
  const state = (): string | undefined => gate.status.workers().find(({ address }) => address === sick.url)?.state;
  await eventuallyTrue("it was checked", () => checks > 0);
  expect(state()).toBe("ready");
  isWell = false;
  await eventuallyTrue("it is out", () => state() === "down");
  for (let turn = 0; turn < 4; turn++) expect(await text(url)).toBe("200 well");
  isWell = true;
  await eventuallyTrue("it is back", () => state() === "ready");
});

test("a request that may be sent twice is tried on another server when the first breaks off; one that may not is told", async () => {
  let broken = 0;
  const breaking = await startTcp((socket) => (broken++, socket.destroy()));
  const { url: alive } = await startServer((_request, response) => response.end("ok"));
  const { url } = await openGate({ proxy: [{ path: "/*", to: [breaking, alive], health: { failures: 100 } }] });
  for (let turn = 0; turn < 4; turn++) expect(await text(url)).toBe("200 ok");
  const before = broken;
  expect(before).toBeGreaterThan(0);
  const answers: string[] = [];
  for (let turn = 0; turn < 4; turn++) answers.push(await text(url, { method: "POST", body: "x" }));
  const failed = answers.filter((answer) => /^502 .*broke off/.test(answer)).length;
  expect([failed, broken - before]).toEqual([2, 2]);
});

test.each([
  ["garbage", "SSH-2.0-OpenSSH_9.2\r\n", /^502 .*not HTTP/],
  ["nothing", "", /^502 .*broke off/],
  ["half a head", "HTTP/1.1 200 OK\r\nx-ow", /^502 .*broke off/],
])("an upstream that answers %s is a bad gateway", async (_what, answer, expected) => {
  const { url } = await openGate({ proxy: [{ path: "/*", to: await startTcp((socket) => socket.end(answer)), retries: 0 }] });
  expect(await text(url)).toMatch(expected);
});

test("an upstream that takes too long is a gateway timeout", async () => {
  const { url } = await openGate({ proxy: [{ path: "/*", to: await startTcp(() => {}), timeout: 100 }] });
  expect(await text(url)).toMatch(/^504 .*took too long/);
});

test("requests beyond the connections wait, and beyond the queue are refused with 429", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { url: slow } = await startServer((_request, response) => void held.then(() => response.end("done")));
  const { gate, url } = await openGate({ proxy: [{ path: "/*", to: { url: slow, connections: 1 }, queue: 1, name: "slow" }] });
  const first = text(url);
  await eventuallyTrue("one runs", () => gate.status.queues().some(({ target, running }) => target === "slow.fetch" && running === 1));
  const second = text(url);
  await eventuallyTrue("one waits", () => gate.status.queues().some(({ target, depth }) => target === "slow.fetch" && depth === 1));
  expect(await text(url)).toMatch(/^429 /);
  release();
  expect([await first, await second]).toEqual(["200 done", "200 done"]);
});

test("when the last server that is up dies, an ejected one that is back is asked at once, not after its time", async () => {
  const ports = [await freePort(), await freePort()];
  const [first, second] = ports as [number, number];
  const { gate, url } = await openGate({
    proxy: [{ path: "/*", to: ports.map((port) => `http://127.0.0.1:${port}`), health: { ejectFor: "1h", failures: 2 } }],
  });
  const server = await startServer((_request, response) => response.end("one"), first);
  for (let turn = 0; turn < 6; turn++) expect(await text(url)).toBe("200 one");
  expect(gate.status.workers().map(({ state }) => state)).toEqual(["ready", "down"]);
  await startServer((_request, response) => response.end("two"), second);
  server.server.closeAllConnections();
  await new Promise((resolve) => server.server.close(resolve));
  const answers: string[] = [];
  for (let turn = 0; turn < 6; turn++) answers.push((await text(url)).slice(0, 7));
  expect(answers.filter((answer) => answer === "200 two").length).toBeGreaterThanOrEqual(5);
  expect(gate.status.workers().map(({ state }) => state)).toEqual(["down", "ready"]);
});

test("while all servers are down, each request hears so at once, and none waits for one on trial", async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const { url } = await openGate({
    proxy: [{ path: "/*", to: ports.map((port) => `http://127.0.0.1:${port}`), health: { failures: 1 } }],
  });
  for (let turn = 0; turn < 5; turn++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => text(url)));
    expect(answers.filter((answer) => !answer.startsWith("502 "))).toEqual([]);
  }
});
