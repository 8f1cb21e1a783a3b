import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import { cert, key } from "../../../support/certificate.ts";
import { startGate } from "./gate.ts";
import { nameServer } from "./name-server.ts";
import { answer, rawCall, type RawReply, rawSession } from "./raw-server.ts";

const ok = 0;
const unavailable = 14;

/** A gRPC server with TLS; gives its port. */
async function secureServer(requestCert = false): Promise<number> {
  const server = createSecureServer({ cert, key, ca: cert, requestCert, rejectUnauthorized: requestCert });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    answer(stream, headers[":authority"]);
  });
  server.on("sessionError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

async function statusOf(to: string, tls: object | boolean): Promise<number> {
  return (await replyOf(to, tls)).status;
}

async function replyOf(to: string, tls: object | boolean): Promise<RawReply> {
  const { address } = await startGate({ upstreams: { "*": { to, tls, reflection: false, health: { watch: false } } } });
  return await rawCall(rawSession(address));
}

describe("a gRPC server with TLS", () => {
  it("is called when its certificate is trusted, and unavailable when not", async () => {
    const to = `localhost:${await secureServer()}`;
    expect(await statusOf(to, { ca: cert })).toBe(ok);
    expect(await statusOf(to, true)).toBe(unavailable);
    expect(await statusOf(to.replace("localhost", "127.0.0.1"), { ca: cert })).toBe(unavailable);
  });

  it("proves the name that it was found by, whatever its address", async () => {
    const port = await secureServer();
    const resolver = await nameServer({ now: ["127.0.0.1"] });
    expect(await statusOf(`dns://${resolver}/other.test:${port}`, { ca: cert })).toBe(ok);
    expect(await statusOf(`dns://${resolver}/another.test:${port}`, { ca: cert })).toBe(unavailable);
  });

  it("is told its own name as authority, which its certificate proves", async () => {
    const to = `localhost:${await secureServer()}`;
    expect((await replyOf(to, { ca: cert })).body.subarray(5).toString()).toBe(to);
  });

  it("that wants to know who calls is shown the gate's certificate", async () => {
    const to = `localhost:${await secureServer(true)}`;
    expect(await statusOf(to, { ca: cert, cert, key })).toBe(ok);
    expect(await statusOf(to, { ca: cert })).toBe(unavailable);
  });
});
