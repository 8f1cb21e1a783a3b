import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { connect } from "unigate";
import type { Gate } from "unigate/gate";
import { grpc, type PoolOptions, type TenantOptions } from "unigate/grpc";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { kitchenServer } from "../native/upstream.ts";
import { startGate } from "./gate.ts";
import { answer, rawCall, type RawReply, rawServer, rawSession } from "./raw-server.ts";
import { memory } from "../../../support/memory.ts";

const ok = 0;
const resourceExhausted = 8;
const unavailable = 14;
const unauthenticated = 16;
const secret = "a secret that has thirty-two bytes";
const other = "another one that has 32 bytes too";

function token(tenant: unknown, key: string = secret, expires = "1h"): Promise<string> {
  return new SignJWT({ tenant }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expires).sign(Buffer.from(key));
}

async function world(
  tenants: TenantOptions,
  { size = 4, acquireTimeout = 50 } = {},
): Promise<{
  server: Awaited<ReturnType<typeof rawServer>>;
  call: (token?: string) => Promise<RawReply>;
  info: () => unknown;
}> {
  const server = await rawServer();
  const { address, gate } = await startGate(
    {},
    {
      transports: [grpc({ port: 0, upstreams: { "a.*": { to: server.address, pool: { size, acquireTimeout }, tenants } } })],
    },
  );
  const session = rawSession(address);
  return {
    server,
    call: (one) => rawCall(session, one === undefined ? {} : { headers: { authorization: `Bearer ${one}` } }),
    info: () => gate.status.info().transports[0]?.details,
  };
}

/** A server that is called with JSON as well, and is known by its .proto. */
async function kitchenWorld(tenants: TenantOptions, pool: PoolOptions): Promise<{ gate: Gate; url: string; grpcUrl: URL }> {
  const file = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;
  const to = `127.0.0.1:${await kitchenServer(file)}`;
  const upstreams = { "kitchen.v1.*": { to, protos: [file], tenants, pool } };
  const { gate } = await startGate({}, { transports: [grpc({ port: 0, upstreams }), http({ port: 0 })] });
  const urlOf = (name: string): string => gate.addresses.find(({ transport }) => transport === name)!.url;
  return { gate, url: urlOf("http"), grpcUrl: new URL(urlOf("grpc").replace("grpc:", "http:")) };
}

describe("an upstream with tenants", () => {
  it("keeps each tenant its share of the pool, and gives the rest to whoever comes", async () => {
    const { server, call, info } = await world({ secret, shares: { gold: 0.5 } });
    const [gold, bronze] = [await token("gold"), await token("bronze")];
    const running = [1, 2].map(() => call(bronze));
    await eventuallyTrue("two run", () => server.waiting.length === 2);
    expect(await call(bronze)).toMatchObject({ status: resourceExhausted, message: 'no place for tenant "bronze" in 50 ms' });
    running.push(call(gold), call(gold));
    await eventuallyTrue("four run", () => server.waiting.length === 4);
    expect(info()).toMatchObject({
      upstreams: { "a.*": { tenants: { waiting: 0, tenants: { gold: { calls: 2, reserved: 2 }, bronze: { calls: 2, reserved: 0 } } } } },
    });
    server.answerAll();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([ok, ok, ok, ok]);
  });

  it("lets a call that waits in when there is a place for its tenant, and forgets one whose caller has left", async () => {
    const { server, call, info } = await world({ secret }, { size: 1, acquireTimeout: 10_000 });
    const one = await token("one");
    const running = call(one);
    await eventuallyTrue("it runs", () => server.waiting.length === 1);
    const next = call(one);
    await eventuallyTrue("the next waits", () => JSON.stringify(info()).includes('"waiting":1'));
    answer(server.waiting[0]!);
    await eventuallyTrue("it is let in", () => server.asked.length === 2);
    server.answerAll();
    expect([(await running).status, (await next).status]).toEqual([ok, ok]);
    expect(info()).toMatchObject({ upstreams: { "a.*": { tenants: { waiting: 0, tenants: {} } } } });
  });

  it("answers unauthenticated to a call without a token, and to one that is forged, out of date, of nobody or no token at all", async () => {
    const { server, call } = await world({ secret });
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"tenant":"gold"}').toString("base64url")}.`;
    const tokens = [undefined, await token("gold", other), await token("gold", secret, "-1m"), await token(undefined), unsigned, "x"];
    const statuses = await Promise.all(tokens.map(async (one) => (await call(one)).status));
    expect(statuses).toEqual(tokens.map(() => unauthenticated));
    expect(server.asked.length).toBe(0);
  });

  it("takes calls with JSON by the same token, and nobody's without, each from its tenant's share", async () => {
    const { gate, url, grpcUrl } = await kitchenWorld({ secret, shares: { gold: 0.5 } }, { size: 2 });
    const say = async (one?: string, text = "hi"): Promise<[status: number, body: unknown]> => {
      const authorization = one === undefined ? {} : { authorization: `Bearer ${one}` };
      const headers = { "content-type": "application/json", ...authorization };
      const reply = await fetch(`${url}/kitchen.v1.Kitchen/Say`, { method: "POST", body: JSON.stringify({ text }), headers });
      return [reply.status, await reply.json()];
    };
    const [gold, bronze] = [await token("gold"), await token("bronze")];
    await eventuallyTrue("its methods are known", () => gate.status.services().length > 0);
    expect(await say(gold)).toEqual([200, { text: "HI", number: 0 }]);
    expect(await say()).toEqual([401, expect.objectContaining({ detail: "the call brings no token: send one as authorization" })]);
    expect(await say(await token("gold", other))).toEqual([401, expect.objectContaining({ code: "unauthenticated" })]);
    const chat = rawSession(grpcUrl.host).request({
      ":method": "POST",
      ":path": "/kitchen.v1.Kitchen/Chat",
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${bronze}`,
    });
    chat.on("error", () => {});
    await eventuallyTrue(
      "bronze has its only place",
      () => gate.status.pools()[0]?.tenants?.some(({ name }) => name === "bronze") === true,
    );
    expect(await say(bronze)).toEqual([429, expect.objectContaining({ detail: 'no place for tenant "bronze"; try again later' })]);
    expect(await say(gold)).toEqual([200, { text: "HI", number: 0 }]);
    chat.close(8);
    await eventuallyTrue("its place is free", async () => (await say(bronze))[0] === 200);
    expect(gate.status.pools()[0]?.tenants).toEqual([{ name: "gold", calls: 0, reserved: 1 }]);
  });

  it("takes a client of the gate by its token, in any bytes, and cancels its call with it", async () => {
    const { gate } = await kitchenWorld({ secret }, { size: 1 });
    const client = connect("tcp://unused:1", {
      open: () => Promise.resolve(memory(gate)),
    });
    onTestFinished(() => client.close());
    await eventuallyTrue("its methods are known", () => gate.status.services().length > 0);
    const metadata = { authorization: await token("one") };
    expect(await client.call("kitchen.v1.Kitchen.Say", [{ text: "a" }], { metadata })).toMatchObject({ text: "A" });
    await expect(client.call("kitchen.v1.Kitchen.Say", [{ text: "a" }])).rejects.toMatchObject({ code: "unauthenticated" });
    for await (const _ of client.call("kitchen.v1.Kitchen.Count", [{ number: 1e6 }], { metadata })) break;
    await eventuallyTrue("its place is free", () => gate.status.pools()[0]?.tenants?.length === 0);
    await eventuallyTrue("nothing is in flight", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });

  it("reads the keys of the tokens from a key set, and is unavailable while nobody has it", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const keys = { keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: "k1" }] };
    let isThere = false;
    const web = createServer((_, response) => response.writeHead(isThere ? 200 : 500).end(JSON.stringify(keys)));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void web.close());
    const jwks = `http://127.0.0.1:${(web.address() as { port: number }).port}/jwks.json`;
    const { server, call } = await world({ jwks, issuer: "me", claim: "sub" });
    const sign = (issuer: string): Promise<string> =>
      new SignJWT({ sub: "gold" }).setProtectedHeader({ alg: "ES256", kid: "k1" }).setIssuer(issuer).sign(privateKey);
    expect(await call(await sign("me"))).toMatchObject({ status: unavailable });
    isThere = true;
    const running = call(await sign("me"));
    await eventuallyTrue("it runs", () => server.waiting.length === 1);
    server.answerAll();
    expect((await running).status).toBe(ok);
    expect((await call(await sign("you"))).status).toBe(unauthenticated);
    // A public key is no secret: a token that is signed with it as if it were is forged.
    expect((await call(await token("gold", JSON.stringify(keys.keys[0])))).status).toBe(unauthenticated);
  });

  it("has its faults told, all at once", () => {
    const tenants = { secret: "short", jwks: "not a url", shares: { a: 0.6, b: 0.6, c: 2 }, claims: "x" } as TenantOptions;
    const faults = grpc({ upstreams: { "*": { to: "x:1", tenants } } }).check?.() ?? [];
    expect(faults.map(({ path, problem }) => `${path.replace('upstreams["*"].', "")} ${problem}`)).toEqual([
      "tenants needs a secret or a jwks, and one of them",
      "tenants.secret is shorter than 32 bytes",
      "tenants.jwks is not a URL",
      'tenants.shares["c"] is not a number from 0 to 1',
      "tenants.shares reserve more than there is",
      "tenants.claims is not a known key",
    ]);
  });
});
