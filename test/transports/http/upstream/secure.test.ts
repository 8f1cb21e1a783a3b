import { createServer } from "node:https";
import { setDefaultCACertificates, getCACertificates, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { cert, key } from "../../../support/certificate.ts";
import { Caller, open, toJob } from "./upstream-world.ts";

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
