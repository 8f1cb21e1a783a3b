import type { RequestListener } from "node:http";
import { consistentHash, GateError, leastConnections } from "unigate";
import { get, post, put, service } from "unigate/service";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer, startTcp } from "../../../support/http-server.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { freePort } from "../../../support/processes.ts";
import { ask, openGate, startCalc } from "./registry-world.ts";

interface Calc {
  add(a: number, b: number): Promise<number>;
  divide(args: { a: number; b: number }): number;
  sum(numbers: number[]): Promise<number>;
  find(query: Record<string, unknown>): Promise<[string, string][]>;
}

const calcMethods = {
  add: get<number>("/add/{a}/{b}"),
  divide: get("/divide/{a}/{b}", { response: z.number() }),
  sum: post("/sum"),
  find: get("/find"),
};

/** Nobody listens there. */
const dead = `http://127.0.0.1:${await freePort()}`;
const answering =
  (status: number, body = "", seen: string[] = []): RequestListener =>
  (request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  };

async function startRegistered(name = "calc_server") {
  const gate = await openGate();
  const calc = await startCalc();
  await ask(`${gate.url}/register`, { name, service: calc.url });
  return { ...gate, calc };
}

describe("a typed client of a registered service", () => {
  it("calls it with path, query and body, and reads what it answers", async () => {
    const { url, calc } = await startRegistered();
    const remote = service<Calc>("calc_server", calcMethods, { gate: url });
    expect(await remote.add(1, 0.5)).toBe(1.5);
    expect(await remote.divide({ a: 3, b: 2 })).toBe(1.5);
    expect(await remote.sum([1, 2, 3])).toBe(6);
    expect(await remote.find({ tag: ["a", "b"] })).toEqual([
      ["tag", "a"],
      ["tag", "b"],
    ]);
    expect(calc.seen).toEqual(["GET /add/1/0.5", "GET /divide/3/2", "POST /sum [1,2,3]", "GET /find?tag=a&tag=b"]);
  });

  it("fails with the code and the words of the service", async () => {
    const { url } = await startRegistered();
    const remote = service<Calc>("calc_server", calcMethods, { gate: url });
    await expect(remote.divide({ a: 1, b: 0 })).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("division by zero"),
    });
    await expect(remote.add(1, undefined as never)).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("b is missing"),
    });
  });

  it("spreads calls over the instances, also those that came later", async () => {
    const { url, calc } = await startRegistered();
    const clock = new ManualClock();
    const remote = service<Calc>("calc_server", calcMethods, { gate: url, refresh: "10s", clock });
    await remote.add(0, 0);
    const second = await startCalc();
    await ask(`${url}/register`, { name: "calc_server", service: second.url });
    clock.advance(10_000);
    await eventuallyTrue("it has been asked too", async () => (await remote.add(0, 0), second.seen.length > 0));
    const before = [calc.seen.length, second.seen.length] as [number, number];
    for (let call = 0; call < 10; call++) await remote.add(1, call);
    expect([calc.seen.length - before[0], second.seen.length - before[1]]).toEqual([5, 5]);
  });

  it("asks the registry once for many calls", async () => {
    let asked = 0;
    const calc = await startCalc();
    const registry = await startServer((_request, response) => {
      asked++;
      response.end(JSON.stringify({ code: 200, message: "OK", data: [{ name: "calc_server", service: calc.url }] }));
    });
    const remote = service<Calc>("calc_server", calcMethods, { gate: registry.url });
    await Promise.all(Array.from({ length: 20 }, (_, at) => remote.add(at, 0)));
    expect([asked, calc.seen.length]).toEqual([1, 20]);
  });

  it("goes on when the gate is away, and finds it again", async () => {
    const { url, gate, calc } = await startRegistered();
    const clock = new ManualClock();
    const remote = service<Calc>("calc_server", calcMethods, { gate: url, clock });
    await remote.add(0, 0);
    await gate.close();
    for (let call = 0; call < 3; call++) {
      clock.advance(60_000);
      expect(await remote.add(1, call)).toBe(1 + call);
    }
    expect(calc.seen).toHaveLength(4);
  });

  it("fails as unavailable while nobody serves, and works with the next call once somebody does", async () => {
    const { url } = await openGate();
    const remote = service<Calc>("calc_server", calcMethods, { gate: url });
    await expect(remote.add(1, 2)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining('nobody serves "calc_server"'),
    });
    const calc = await startCalc();
    await ask(`${url}/register`, { name: "calc_server", service: calc.url });
    expect(await remote.add(1, 2)).toBe(3);
  });

  it("says that the gate cannot be reached when it has never been", async () => {
    await expect(service<Calc>("calc_server", calcMethods, { gate: dead }).add(1, 2)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`${dead}/service/calc_server cannot be reached`),
    });
  });

  it("does not wait for a slow gate longer than its own time", async () => {
    const slow = await startServer(() => {});
    await expect(service<Calc>("calc_server", calcMethods, { gate: slow.url, timeout: 50 }).add(1, 2)).rejects.toMatchObject({
      code: "deadline_exceeded",
    });
  });
});

describe("a client with a list of servers", () => {
  it("needs no gate", async () => {
    const [one, two] = [await startCalc(), await startCalc()];
    const remote = service<Calc>("calc_server", calcMethods, { servers: [one.url, { url: `${two.url}/`, weight: 2 }] });
    for (let call = 0; call < 10; call++) expect(await remote.add(1, call)).toBe(1 + call);
    expect([one.seen.length, two.seen.length]).toEqual([5, 5]);
  });

  it("falls back on it while the gate knows nobody or cannot be reached", async () => {
    const { url } = await openGate();
    const calc = await startCalc();
    for (const gate of [url, dead]) {
      const remote = service<Calc>("calc_server", calcMethods, { gate, servers: [calc.url] });
      expect(await remote.add(1, 2)).toBe(3);
    }
  });

  it.each([
    ["consistentHash", consistentHash(), [0, 10]],
    ["leastConnections", leastConnections(), [5, 5]],
  ] as const)("spreads by any strategy of the gate: %s", async (_name, strategy, shares) => {
    const servers = [await startCalc(), await startCalc()];
    const remote = service<Calc>("calc_server", calcMethods, {
      servers: servers.map(({ url }) => url),
      strategy,
      headers: { "x-gate-hash": "k" },
    });
    for (let call = 0; call < 10; call++) await remote.add(1, call);
    expect(servers.map(({ seen }) => seen.length).toSorted((a, b) => a - b)).toEqual(shares);
  });

  it("tells every fault of its options at once", () => {
    const make = (): unknown =>
      service<Calc>("calc_server", calcMethods, { servers: ["calc:80:90"], attempts: 0, timeout: "soon", maxResponse: "much" });
    expect(make).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    for (const fault of ["4 faults", "servers[0]: ", "attempts: ", "timeout: ", "maxResponse: "]) expect(make).toThrow(fault);
    expect(() => get("/add/{a}/{a}")).toThrow(/is not a path/);
    expect(() => get("add")).toThrow(/is not a path/);
    expect(() => get("/add", { timeout: "soon" })).toThrow(/is not a duration/);
  });
});

describe("a call that fails at one instance", () => {
  const attempt = { one: get<number>("/one"), act: post<number>("/act"), keep: put<number>("/keep") };
  interface Attempts {
    one(): number;
    act(body: unknown): number;
    keep(body: unknown): number;
  }

  it("goes to another when nothing was sent, whatever its method", async () => {
    const calc = await startServer(answering(200, "7"));
    const remote = service<Attempts>("a", attempt, { servers: [dead, calc.url] });
    expect([await remote.act({}), await remote.act({}), await remote.one()]).toEqual([7, 7, 7]);
  });

  it("lets an instance rest that cannot be reached, and asks it again later", async () => {
    const seen: string[] = [];
    const sick = await startTcp((socket) => (seen.push("sick"), socket.destroy()));
    const well = await startServer(answering(200, "7"));
    const clock = new ManualClock();
    const remote = service<Attempts>("a", attempt, { servers: [sick, well.url], clock });
    for (let call = 0; call < 6; call++) expect(await remote.one()).toBe(7);
    expect(seen).toHaveLength(1);
    clock.advance(500);
    for (let call = 0; call < 6; call++) expect(await remote.one()).toBe(7);
    expect(seen).toHaveLength(2);
  });

  it.each([
    ["a GET", "one", 7],
    ["a PUT", "keep", 7],
    ["a POST", "act", "unavailable"],
  ] as const)("that answers 503: %s", async (_what, method, result) => {
    const seen: string[] = [];
    const overloaded = await startServer(answering(503, "", seen));
    const well = await startServer(answering(200, "7"));
    const remote = service<Attempts>("a", attempt, { servers: [overloaded.url, well.url] });
    expect(await remote[method]({}).catch((error: unknown) => GateError.from(error).code)).toBe(result);
    expect(seen).toHaveLength(1);
  });

  it("that breaks off in the middle: only what may run twice is sent again", async () => {
    const half = await startTcp((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
    const well = await startServer(answering(200, "7"));
    expect(await service<Attempts>("a", attempt, { servers: [half, well.url] }).one()).toBe(7);
    await expect(service<Attempts>("a", attempt, { servers: [half, well.url] }).act({})).rejects.toMatchObject({ code: "unavailable" });
  });

  it("that does not answer: after tryTimeout for what may run twice, after timeout for the rest", async () => {
    const silent = await startServer(() => {});
    const well = await startServer(answering(200, "7"));
    const options = { servers: [silent.url, well.url], tryTimeout: 100, timeout: "10s" };
    expect(await service<Attempts>("a", attempt, options).one()).toBe(7);
    await expect(service<Attempts>("a", attempt, options).act({})).rejects.toMatchObject({ code: "deadline_exceeded" });
  });

  it("fails after as many attempts as allowed, and never asks one twice", async () => {
    const seen: string[] = [];
    const servers = await Promise.all(Array.from({ length: 4 }, () => startServer(answering(503, "", seen))));
    const urls = servers.map(({ url }) => url);
    await expect(service<Attempts>("a", attempt, { servers: urls, attempts: 2 }).one()).rejects.toMatchObject({ code: "unavailable" });
    expect(seen).toHaveLength(2);
    seen.length = 0;
    await expect(service<Attempts>("a", attempt, { servers: urls, attempts: 9 }).one()).rejects.toMatchObject({ code: "unavailable" });
    expect(seen).toHaveLength(4);
  });

  it("with the caller's fault, or its own, does not go elsewhere", async () => {
    for (const status of [400, 404, 409, 500, 302]) {
      const seen: string[] = [];
      const servers = [(await startServer(answering(status, "", seen))).url, (await startServer(answering(status, "", seen))).url];
      await expect(service<Attempts>("a", attempt, { servers }).one()).rejects.toMatchObject({ details: { status } });
      expect(seen).toHaveLength(1);
    }
  });
});

describe("a response", () => {
  const user = { user: get("/user", { response: z.object({ name: z.string(), born: z.coerce.date() }) }) };
  interface Users {
    user(): Promise<{ name: string; born: Date }>;
  }

  it("comes through its schema", async () => {
    const { url } = await startServer(answering(200, '{"name":"ada","born":"1815-12-10","more":1}'));
    expect(await service<Users>("users", user, { servers: [url] }).user()).toEqual({ name: "ada", born: new Date("1815-12-10") });
  });

  it("that its schema does not allow is an error that says where", async () => {
    const { url } = await startServer(answering(200, '{"name":1,"born":"1815-12-10"}'));
    await expect(service<Users>("users", user, { servers: [url] }).user()).rejects.toMatchObject({
      code: "internal",
      message: expect.stringMatching(/users\.user .*name: /),
    });
  });

  it("that is larger than maxResponse, or not what its type says, is an error", async () => {
    const large = await startServer(answering(200, JSON.stringify("x".repeat(2000))));
    const broken = await startServer(answering(200, "{"));
    const call = (url: string): Promise<unknown> =>
      service<Users>("users", { user: get("/user") }, { servers: [url], maxResponse: "1kb" }).user();
    await expect(call(large.url)).rejects.toMatchObject({ code: "resource_exhausted" });
    await expect(call(broken.url)).rejects.toMatchObject({ code: "internal" });
  });
});
