import { createServer } from "node:http";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { ask, openGate, startCalc } from "./registry-world.ts";

const test = "http://127.0.0.1:9528";
const other = "http://127.0.0.1:9529";
const names = ({ body }: Awaited<ReturnType<typeof ask>>): string[] => Object.keys(body.data);

describe("registering over HTTP", () => {
  it("answers with every instance of the name, in the envelope", async () => {
    const { url } = await openGate();
    const before = Date.now() / 1000;
    expect(await ask(`${url}/register`, { name: "test", service: test })).toEqual({
      status: 200,
      body: {
        code: 200,
        message: "OK",
        data: { test: [{ name: "test", service: test, register_time: expect.any(Number), keepalive_time: expect.any(Number) }] },
      },
    });
    const { body } = await ask(`${url}/service/test`);
    const [instance] = body.data as { register_time: number; keepalive_time: number }[];
    expect(instance?.register_time).toBeGreaterThanOrEqual(before - 0.001);
    expect(instance?.keepalive_time).toBe(instance?.register_time);
  });

  it("lists two services by their names", async () => {
    const { url } = await openGate();
    await ask(`${url}/register`, { name: "test", service: test });
    await ask(`${url}/register`, { name: "calc_server", service: other });
    expect(await ask(`${url}/services`)).toMatchObject({
      body: { code: 200, message: "OK", data: { test: [{ service: test }], calc_server: [{ service: other }] } },
    });
    expect(await ask(`${url}/service/calc_server`)).toMatchObject({ body: { code: 200, data: [{ service: other }] } });
  });

  it("again refreshes the instance instead of adding another", async () => {
    const { url, gate } = await openGate();
    const registration = { name: "test", service: test, register_time: null, keepalive_time: Date.now() / 1000 };
    const first = await ask(`${url}/register`, registration);
    await eventuallyTrue(
      "time passes",
      () => Date.now() / 1000 > (first.body.data as { test: [{ keepalive_time: number }] }).test[0].keepalive_time,
    );
    const again = await ask(`${url}/register`, { ...registration, service: `${test}/` });
    const [before] = (first.body.data as { test: { register_time: number; keepalive_time: number }[] }).test;
    const [after, ...more] = (again.body.data as { test: { register_time: number; keepalive_time: number }[] }).test;
    expect(more).toEqual([]);
    expect(after?.register_time).toBe(before?.register_time);
    expect(after?.keepalive_time).toBeGreaterThan(before?.keepalive_time as number);
    expect(gate.status.workers().filter(({ transport }) => transport === "http")).toHaveLength(1);
  });

  it("loses none of fifty instances that register at once", async () => {
    const { url, gate } = await openGate();
    const ports = Array.from({ length: 50 }, (_, at) => 20_000 + at);
    await Promise.all(ports.map((port) => ask(`${url}/register`, { name: "many", service: `http://127.0.0.1:${port}` })));
    const { body } = await ask(`${url}/service/many`);
    const registered = (body.data as { service: string }[]).map(({ service }) => Number(new URL(service).port));
    expect(registered.toSorted((a, b) => a - b)).toEqual(ports);
    expect(gate.status.services()).toMatchObject([{ name: "many", workers: 50 }]);
  });

  it("makes one instance of fifty registrations of the same at once", async () => {
    const { url } = await openGate();
    await Promise.all(Array.from({ length: 50 }, () => ask(`${url}/register`, { name: "one", service: test })));
    expect((await ask(`${url}/service/one`)).body.data).toHaveLength(1);
  });

  it("takes the changed methods of an instance, and drops those that it no longer names", async () => {
    const { url } = await openGate();
    const calc = await startCalc();
    await ask(`${url}/register`, { name: "calc", service: calc.url, methods: { add: { http: "GET /add/{a}/{b}" } }, version: "v1" });
    expect(await ask(`${url}/call/calc.add`, [1, 2])).toEqual({ status: 200, body: 3 });
    await ask(`${url}/register`, { name: "calc", service: calc.url, methods: { plus: { http: "GET /add/{a}/{b}" } }, version: "v2" });
    expect(await ask(`${url}/call/calc.plus`, [1, 2])).toEqual({ status: 200, body: 3 });
    expect(await ask(`${url}/call/calc.add`, [1, 2], { headers: { "x-timeout": "50ms" } })).not.toMatchObject({ status: 200 });
    expect((await ask(`${url}/service/calc`)).body).toMatchObject({ workers: 1, data: [{ version: "v2" }] });
  });

  it("names every fault of a registration at once", async () => {
    const { url } = await openGate();
    const { status, body } = await ask(`${url}/register`, {
      name: "two words",
      service: "ftp://files",
      keepalive_time: -1,
      weight: 0,
      version: 2,
      metadata: [],
      methods: { "a b": { http: "GET /" }, fetch: { http: "GET /" }, add: { http: "add" } },
    });
    expect([status, body.code, body.data]).toEqual([400, 400, null]);
    for (const field of [
      "name",
      "service",
      "keepalive_time",
      "weight",
      "version",
      "metadata",
      "methods.a b",
      "methods.fetch",
      "methods.add",
    ])
      expect(body.message).toContain(`${field}: `);
  });

  it.each([
    ["nothing", undefined],
    ["no JSON", "name=calc"],
    ["a list", "[]"],
    ["bytes that are no text", Buffer.from([0xff, 0xfe])],
    ["no name", JSON.stringify({ service: test })],
    ["no URL", JSON.stringify({ name: "calc" })],
    ["a URL with a password", JSON.stringify({ name: "calc", service: "http://me:secret@host" })],
    ["a URL that is none", JSON.stringify({ name: "calc", service: "calc:80:90" })],
    ["a name that would be a pattern", JSON.stringify({ name: "calc.*", service: test })],
  ])("refuses %s, in the envelope", async (_what, body) => {
    const { url } = await openGate();
    const refused = await ask(`${url}/register`, undefined, {
      method: "POST",
      body: body ?? null,
    });
    expect(refused).toMatchObject({ status: 400, body: { code: 400, data: null, message: expect.stringMatching(/write/) } });
    expect(names(await ask(`${url}/services`))).toEqual([]);
  });

  it("refuses a registration that is too large", async () => {
    const { url } = await openGate();
    const metadata = { text: "x".repeat(300_000) };
    expect(await ask(`${url}/register`, { name: "a", service: test, metadata })).toMatchObject({
      status: 413,
      body: { code: 413, data: null },
    });
  });

  it("refuses the gate's own service name", async () => {
    const { url } = await openGate();
    expect(await ask(`${url}/register`, { name: "Gate", service: test })).toMatchObject({ status: 403, body: { code: 403 } });
    expect(names(await ask(`${url}/services`))).toEqual([]);
  });

  it("wants a key that may work where the gate has keys", async () => {
    const keys = [
      { name: "caller", key: "caller-caller-caller", may: ["call" as const] },
      { name: "worker", key: "worker-worker-worker", may: ["work" as const] },
    ];
    const { url } = await openGate({}, { keys });
    const register = async (key?: string): Promise<number> => {
      const headers = key === undefined ? {} : { "x-gate-key": key };
      return (await ask(`${url}/register`, { name: "calc", service: test }, { headers })).status;
    };
    expect([await register(), await register("wrong"), await register("caller-caller-caller")]).toEqual([401, 401, 403]);
    expect(await register("worker-worker-worker")).toBe(200);
    expect((await fetch(`${url}/services`)).status).toBe(401);
    expect((await fetch(`${url}/services`, { headers: { "x-gate-key": "caller-caller-caller" } })).status).toBe(200);
  });
});

describe("a URL of the gate itself", () => {
  it("is refused with 508, by whatever name", async () => {
    const { url } = await openGate();
    const { port } = new URL(url);
    for (const host of ["127.0.0.1", "localhost", "127.1"]) {
      const service = `http://${host}:${port}/deeper`;
      const refused = await ask(`${url}/register`, { name: "self", service });
      expect(refused).toMatchObject({ status: 508, body: { code: 508, message: expect.stringContaining("this gate itself") } });
    }
    expect((await ask(`${url}/service/self`)).status).toBe(404);
  });

  it("is refused by the address of any network when the gate listens on all of them", async () => {
    const { url } = await openGate({ host: "0.0.0.0" });
    expect((await ask(`${url}/register`, { name: "self", service: `http://localhost:${new URL(url).port}` })).status).toBe(508);
  });

  it("is found out by the request that comes back when only the network knows it", async () => {
    const { url, gate } = await openGate();
    // A port of another name that leads to the gate, as a load balancer in front of it would.
    const inFront = createServer((request, response) => {
      void fetch(`${url}${request.url}`, { headers: { via: request.headers.via ?? "" } }).then(async (answer) => {
        response.writeHead(answer.status, { "content-type": "application/problem+json" }).end(await answer.text());
      });
    });
    await new Promise<void>((resolve) => inFront.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void inFront.close());
    const { port } = inFront.address() as { port: number };
    const bound = { routes: { "loop.again": { http: "GET /again" } } };
    await gate.reload({ transports: [http({ port: 0 })], ...bound });
    const { url: now } = gate.addresses[0]!;
    expect(now).toBe(url);
    await ask(`${url}/register`, { name: "loop", service: `http://127.0.0.1:${port}`, methods: { again: { http: "GET /again" } } });
    expect(await ask(`${url}/call/loop.again`, [])).toMatchObject({
      status: 508,
      body: { status: 508, detail: expect.stringContaining("come through this gate before") },
    });
  });
});

describe("the pages of services", () => {
  it("answer an unknown name with 404 in the envelope", async () => {
    const { url } = await openGate();
    expect(await ask(`${url}/service/nobody`)).toEqual({
      status: 404,
      body: { code: 404, message: expect.stringContaining('nobody serves "nobody"'), data: null, error: "not_found" },
    });
  });

  it("live under the control prefix", async () => {
    const { url } = await openGate({ control: "/_gate" });
    expect((await ask(`${url}/_gate/register`, { name: "a", service: test })).status).toBe(200);
    expect(names(await ask(`${url}/_gate/services`))).toEqual(["a"]);
    expect((await fetch(`${url}/register`, { method: "POST" })).status).toBe(404);
  });

  it("show no prototype", async () => {
    const { url } = await openGate();
    expect((await fetch(`${url}/service/__proto__`)).status).toBe(404);
    await ask(`${url}/register`, { name: "__proto__", service: test });
    expect(names(await ask(`${url}/services`))).toEqual(["__proto__"]);
  });
});

describe("withdrawing", () => {
  it.each([
    [
      "in the query",
      async (url: string) => await ask(`${url}/register?name=a&service=${encodeURIComponent(test)}`, undefined, { method: "DELETE" }),
    ],
    ["in the body", async (url: string) => await ask(`${url}/register`, { name: "a", service: test }, { method: "DELETE" })],
  ])("takes an instance out at once, named %s", async (_where, withdraw) => {
    const { url, gate } = await openGate();
    await ask(`${url}/register`, { name: "a", service: test });
    await ask(`${url}/register`, { name: "a", service: other });
    expect(await withdraw(url)).toMatchObject({ status: 200, body: { code: 200, data: { a: [{ service: other }] } } });
    expect(gate.status.services()).toMatchObject([{ name: "a", workers: 1 }]);
    expect(await withdraw(url)).toMatchObject({ status: 404, body: { code: 404 } });
  });

  it("says what it wants when it is not told which instance", async () => {
    const { url } = await openGate();
    expect(await ask(`${url}/register?name=a`, undefined, { method: "DELETE" })).toMatchObject({ status: 400, body: { code: 400 } });
  });

  it("lets a running job finish", async () => {
    const { url, gate } = await openGate();
    let finish = (): void => {};
    const server = createServer((_request, response) => (finish = () => void response.end("7")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const service = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    await ask(`${url}/register`, { name: "a", service, methods: { wait: { http: "GET /" } } });
    const running = ask(`${url}/call/a.wait`, []);
    await eventuallyTrue("it runs", () => gate.status.workers().some(({ transport, inFlight }) => transport === "http" && inFlight === 1));
    await ask(`${url}/register?name=a&service=${service}`, undefined, { method: "DELETE" });
    finish();
    expect(await running).toMatchObject({ status: 200 });
  });
});

describe("a gate with changed doors", () => {
  it("keeps its instances through a reload, on every door", async () => {
    const { gate, url } = await openGate();
    await ask(`${url}/register`, { name: "a", service: test });
    await gate.reload({ transports: [http({ port: 0, bodyLimit: "1mb" }), http({ port: 0, control: "/_gate" })] });
    const [one, two] = gate.addresses;
    expect((await ask(`${one!.url}/service/a`)).status).toBe(200);
    expect((await ask(`${two!.url}/_gate/service/a`)).status).toBe(200);
    expect(gate.status.services()).toMatchObject([{ name: "a", workers: 1 }]);
  });
});
