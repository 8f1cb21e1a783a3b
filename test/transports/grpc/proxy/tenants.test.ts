import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { grpc, type TenantOptions } from "unigate/grpc";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startGate } from "./gate.ts";
import { answer, rawCall, type RawReply, rawServer, rawSession } from "./raw-server.ts";

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
  url: string;
}> {
  const server = await rawServer();
  const { address, gate } = await startGate(
    {},
    {
      transports: [
        grpc({ port: 0, upstreams: { "a.*": { to: server.address, pool: { size, acquireTimeout }, tenants } } }),
        http({ port: 0 }),
      ],
    },
  );
  const session = rawSession(address);
  return {
    server,
    call: (one) => rawCall(session, one === undefined ? {} : { headers: { authorization: `Bearer ${one}` } }),
    info: () => gate.status.info().transports[0]?.details,
    url: gate.addresses.find(({ transport }) => transport === "http")!.url,
  };
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

  it("takes nobody's call by another door, where no token is asked for", async () => {
    const { server, call, url } = await world({ secret });
    const running = call(await token("gold"));
    await eventuallyTrue("it runs", () => server.waiting.length === 1);
    const reply = await fetch(`${url}/call/a.B.C`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
    expect([reply.status, await reply.text()]).toEqual([401, expect.stringContaining("a.B.C is for tenants, who call it by gRPC")]);
    server.answerAll();
    expect((await running).status).toBe(ok);
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
