import { createServer } from "node:https";
import { setDefaultCACertificates, getCACertificates, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { Caller, open, toJob } from "./upstream-world.ts";

/** Of localhost and other.test, until 2126. It guards nothing but these tests. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUXBqi2wk4g+Xj+PyatXcFqs22x3gwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA4MTk0N1oYDzIxMjYxMDI4
MDgxOTQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATwkTPXXYifOT1XmykryrkARtHIGWUHOU/3P+7TKzsjAi74jCgoZB9S
Z+KmQQscz0v02T0NSyFK3e3HHtr77gc7o3UwczAdBgNVHQ4EFgQUR/qarckxZ6fo
Ydfup8QoYeiCaTEwHwYDVR0jBBgwFoAUR/qarckxZ6foYdfup8QoYeiCaTEwDwYD
VR0TAQH/BAUwAwEB/zAgBgNVHREEGTAXgglsb2NhbGhvc3SCCm90aGVyLnRlc3Qw
CgYIKoZIzj0EAwIDSAAwRQIhAP4IjxfPk9GTN9fhasR+t8/ydVIL/CLcWtHofcL3
gR7jAiBDlTpCcOicF4Ds/FysTvhVpbId524JOVADGRSNXoYX4A==
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbILW1/H2gat0LyBZ
KPft6flaKUwtLxCTbioItEJasRihRANCAATwkTPXXYifOT1XmykryrkARtHIGWUH
OU/3P+7TKzsjAi74jCgoZB9SZ+KmQQscz0v02T0NSyFK3e3HHtr77gc7
-----END PRIVATE KEY-----`;

/** A server with TLS, which says for whom it was taken, or `body`. */
async function startSecure(body?: Buffer): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer({ cert, key }, (request, response) => {
    const { servername, alpnProtocol } = request.socket as TLSSocket;
    response.end(body ?? `${String(servername)} ${String(request.headers.host?.replace(/:.*/, ""))} ${String(alpnProtocol)}`);
  });
  server.on("secureConnection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, connections: () => connections };
}

function trust(): void {
  const before = getCACertificates();
  setDefaultCACertificates([cert]);
  onTestFinished(() => setDefaultCACertificates(before));
}

async function ask(upstream: ReturnType<typeof open>, headers: Record<string, string> = {}): Promise<Caller> {
  const caller = new Caller();
  upstream.send(toJob({ ":method": "GET", ":path": "/", ...headers }), caller);
  await caller.ended;
  return caller;
}

test("a server with TLS has to prove its name, and its connection is used again", async () => {
  trust();
  const { port, connections } = await startSecure();
  const upstream = open(`https://localhost:${port}`);
  for (let turn = 0; turn < 3; turn++) expect((await ask(upstream)).body).toBe("localhost localhost http/1.1");
  expect(connections()).toBe(1);
});

test("a server that a route gives another host has to prove that one", async () => {
  trust();
  const { port } = await startSecure();
  const upstream = open(`https://localhost:${port}`, { keepsHost: true });
  expect((await ask(upstream, { host: "other.test" })).body).toBe("other.test other.test http/1.1");
  expect((await ask(upstream, { host: "third.test" })).error?.message).toMatch(/cannot be reached: .*third\.test/);
  expect((await ask(upstream)).body).toBe("localhost localhost http/1.1");
});

test("a caller that is slow holds up a server with TLS, and the connection is used again", async () => {
  trust();
  const large = Buffer.alloc(4 * 1024 * 1024, "x");
  const { port, connections } = await startSecure(large);
  const upstream = open(`https://localhost:${port}`);
  for (let turn = 0; turn < 3; turn++) {
    const caller = new Caller();
    caller.hasRoom = false;
    const control = upstream.send(toJob({ ":method": "GET", ":path": "/" }), caller);
    const timer = setInterval(() => control.resume(), 1);
    await caller.ended;
    clearInterval(timer);
    expect([caller.error, caller.body.length]).toEqual([undefined, large.length]);
  }
  expect(connections()).toBe(1);
});

test("a server that nobody vouches for is not spoken to", async () => {
  const { port } = await startSecure();
  const { error, neverStarted } = await ask(open(`https://localhost:${port}`));
  expect(error).toMatchObject({ code: "unavailable", details: { reason: "refused" } });
  expect(neverStarted).toBe(true);
});
