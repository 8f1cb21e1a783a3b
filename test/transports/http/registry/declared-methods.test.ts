import { connect, GateError } from "unigate";
import { zmq } from "unigate/zmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { ask, calcMethods, openGate, startCalc } from "./registry-world.ts";

const more = {
  gone: { http: "GET /gone" },
  text: { http: "GET /text" },
  huge: { http: "GET /huge" },
  away: { http: "GET /away" },
  missing: { http: "DELETE /nothing/{id}" },
};

async function openCalc(config: Parameters<typeof openGate>[1] = {}) {
  const world = await openGate({}, config);
  const calc = await startCalc();
  await ask(`${world.url}/register`, { name: "calc", service: calc.url, methods: { ...calcMethods, ...more } });
  return { ...world, calc };
}

describe("a declared method", () => {
  it.each([
    ["positional arguments", "add", [1, 0.5], "GET /add/1/0.5", 1.5],
    ["one object of named arguments", "add", { b: 0.5, a: 1 }, "GET /add/1/0.5", 1.5],
    ["what a path needs to be escaped", "add", ["1/2?", "ü"], "GET /add/1%2F2%3F/%C3%BC", null],
    [
      "the rest of a GET as its query",
      "find",
      { tag: ["a", "b"], n: 0 },
      "GET /find?tag=a&tag=b&n=0",
      [
        ["tag", "a"],
        ["tag", "b"],
        ["n", "0"],
      ],
    ],
    ["one value of a POST as its body", "sum", [[1, 2, 3]], "POST /sum [1,2,3]", 6],
  ])("takes %s", async (_what, method, args, request, result) => {
    const { url, calc } = await openCalc();
    const { body } = await ask(`${url}/call/calc.${method}`, args);
    expect(calc.seen).toEqual([request]);
    expect(body).toEqual(result);
  });

  it("refuses arguments that are missing or too many, and says which, before anything is sent", async () => {
    const { url, calc } = await openCalc();
    for (const [method, args, complaint] of [
      ["add", [1], "b is missing"],
      ["add", [], "a, b is missing"],
      ["add", [1, 2, { x: 1 }, 4], "2 arguments are left"],
      ["find", [1], "a query is an object"],
      ["missing", [null], "id is missing"],
      ["missing", [".."], "id would lead out of /nothing/{id}"],
      ["missing", ["."], "id would lead out"],
      ["missing", [""], "id is missing"],
    ] as const) {
      const refused = await ask(`${url}/call/calc.${method}`, args);
      expect(refused).toMatchObject({ status: 400, body: { code: "invalid_argument", detail: expect.stringContaining(complaint) } });
    }
    expect(calc.seen).toEqual([]);
  });

  it("fails with the status and the words of the service", async () => {
    const { url } = await openCalc();
    expect(await ask(`${url}/call/calc.divide`, [1, 0])).toMatchObject({
      status: 500,
      body: { code: "internal", detail: "the service answered 500: division by zero" },
    });
    expect(await ask(`${url}/call/calc.missing`, [1])).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await ask(`${url}/call/calc.away`, [])).toMatchObject({ status: 400, body: { code: "failed_precondition" } });
  });

  it("answers nothing, or text, as what it is", async () => {
    const { url } = await openCalc();
    expect((await fetch(`${url}/call/calc.gone`, { method: "POST" })).status).toBe(204);
    expect(await ask(`${url}/call/calc.text`, [])).toEqual({ status: 200, body: "grüße" });
  });

  it("fails when the reply is larger than the gate carries", async () => {
    const { url } = await openCalc({ maxPayload: "1mb" });
    expect(await ask(`${url}/call/calc.huge`, [])).toMatchObject({ status: 429, body: { code: "resource_exhausted" } });
  });

  it("fails at once when nobody listens at the instance's URL", async () => {
    const { url } = await openGate({}, { routes: { "dead.*": { waitForWorker: 0 } } });
    await ask(`${url}/register`, { name: "dead", service: "http://127.0.0.1:1", methods: { add: { http: "GET /add/{a}/{b}" } } });
    expect(await ask(`${url}/call/dead.add`, [1, 2])).toMatchObject({ status: 503, body: { code: "unavailable" } });
  });

  it("is cancelled at the instance when its caller leaves", async () => {
    const { url, calc, gate } = await openCalc();
    const abort = new AbortController();
    const left = fetch(`${url}/call/calc.slow`, { method: "POST", signal: abort.signal });
    await eventuallyTrue("it runs", () => calc.seen.length === 1);
    abort.abort();
    await expect(left).rejects.toThrow();
    await eventuallyTrue("its place is free", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });

  it("is called over ZeroMQ like any other, positional or named", async () => {
    const { gate, url } = await openCalc({ transports: [zmq({ bind: "tcp://127.0.0.1:0" })] });
    const address = gate.addresses.find(({ transport }) => transport === "zmq")!.url;
    const client = connect(address);
    onTestFinished(() => client.close());
    const calc = client.service("calc") as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    expect(await calc["add"]!(1, 0.5)).toBe(1.5);
    expect(await calc["add"]!({ a: 2, b: 3 })).toBe(5);
    expect(await calc["sum"]!([1, 2, 3])).toBe(6);
    expect(await calc["gone"]!()).toBeUndefined();
    await expect(calc["divide"]!(1, 0)).rejects.toSatisfy(
      (error) => GateError.is(error) && error.code === "internal" && error.message.includes("division by zero"),
    );
    expect((await ask(`${url}/service/calc`)).body).toMatchObject({
      methods: expect.arrayContaining([expect.objectContaining({ name: "calc.add", params: ["a", "b"] })]),
    });
  });

  it("spreads over the instances", async () => {
    const { url, calc } = await openCalc();
    const second = await startCalc();
    await ask(`${url}/register`, { name: "calc", service: second.url, methods: calcMethods });
    for (let call = 0; call < 10; call++) await ask(`${url}/call/calc.add`, [1, call]);
    expect([calc.seen.length, second.seen.length]).toEqual([5, 5]);
  });

  it("goes to another instance when one cannot be reached", async () => {
    const { url, calc } = await openCalc();
    await ask(`${url}/register`, { name: "calc", service: "http://127.0.0.1:1", methods: calcMethods });
    for (let call = 0; call < 6; call++) expect(await ask(`${url}/call/calc.sum`, [[1, 2]])).toEqual({ status: 200, body: 3 });
    expect(calc.seen).toHaveLength(6);
  });
});
