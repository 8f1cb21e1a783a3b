import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect as dialTcp } from "node:net";
import { type PeerCertificate, connect as dialTls } from "node:tls";
import { defineService } from "unigate";
import { http, type HttpOptions } from "unigate/http";
import type { Logger } from "unigate/transport";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { cert, key } from "../../support/certificate.ts";
import { openHttpDoor } from "../../support/http-door.ts";
import { bodyOf, startServer } from "../../support/http-server.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { workspace } from "../../support/workspace.ts";
import { openGate } from "./proxy/proxy-world.ts";

const service = defineService("t", { echo: (value: string) => value });

function ask(port: number, path: string, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const options = { port, path, headers, ca: cert, method: body === undefined ? "GET" : "POST", agent: false as const };
    request({ host: "localhost", family: 4, ...options }, resolve)
      .on("error", reject)
      .end(body);
  });
}

const textOf = async (message: IncomingMessage): Promise<string> => String(await bodyOf(message));

/** The certificate that a port shows. */
function shownAt(port: number): Promise<PeerCertificate> {
  const socket = dialTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    socket.on("error", reject).on("secureConnect", () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
  });
}

/** A new certificate of localhost with its key, written to `folder`. */
function renew(folder: string): void {
  const files = ["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=renewed"];
  execFileSync("/usr/bin/openssl", ["req", "-x509", ...kind, ...files], { stdio: "ignore" });
}

test("a port with a certificate speaks HTTPS: calls, pages, proxied requests that say so, and links", async () => {
  const upstream = await startServer((incoming, response) => response.end(String(incoming.headers["x-forwarded-proto"])));
  const proxy = [{ path: "/app/*", to: upstream.url }];
  const { port, url } = await openHttpDoor(service, { http: { tls: { cert, key }, proxy } });
  expect(url).toBe(`https://127.0.0.1:${port}`);
  expect(await textOf(await ask(port, "/call/t.echo", '["hi"]'))).toBe('"hi"');
  expect(await textOf(await ask(port, "/health"))).toBe('{"status":"ok"}');
  expect(await textOf(await ask(port, "/app/x"))).toBe("https");
  const link = new WebSocket(`wss://localhost:${port}/link`, { ca: cert, family: 4 });
  onTestFinished(() => link.terminate());
  await new Promise((resolve, reject) => link.on("open", resolve).on("error", reject));
});

test("who speaks plain HTTP to it, or anything else but TLS, is let go, and the port goes on", async () => {
  const { port } = await openGate({ tls: { cert, key } });
  for (const words of ["GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "\0\0\0\0\0\0\0\0"]) {
    const socket = dialTcp(port, "127.0.0.1", () => socket.write(words));
    socket.on("error", () => {});
    await new Promise((resolve) => socket.on("close", resolve).resume());
  }
  expect((await ask(port, "/health")).statusCode).toBe(200);
});

test("a drain lets a request over TLS end, and listens no more", async () => {
  let release = (): void => {};
  const upstream = await startServer((_incoming, response) => void (release = () => response.end("done")));
  const { port, gate } = await openGate({ tls: { cert, key }, proxy: [{ path: "/*", to: upstream.url }] });
  const running = ask(port, "/x");
  await expect.poll(() => gate.status.info().jobs.open).toBe(1);
  const drained = gate.drain();
  release();
  expect(await textOf(await running)).toBe("done");
  await drained;
  await expect(ask(port, "/x")).rejects.toThrow(/ECONNREFUSED/);
});

test("files that are renewed are shown within a minute; what is no certificate changes nothing and is told", async () => {
  const folder = await workspace({ "cert.pem": cert, "key.pem": key });
  const clock = new ManualClock();
  const told: string[] = [];
  const note = (message: string): void => void told.push(message);
  const logger: Logger = { debug() {}, info: note, warn() {}, error: note };
  const { port } = await openGate({ tls: { cert: `${folder}/cert.pem`, key: `${folder}/key.pem` } }, {}, { clock, logger });
  expect((await shownAt(port)).subject.CN).toBe("localhost");
  await writeFile(`${folder}/cert.pem`, "half a certif");
  clock.advance(60_000);
  expect((await shownAt(port)).subject.CN).toBe("localhost");
  renew(folder);
  clock.advance(60_000);
  expect((await shownAt(port)).subject.CN).toBe("renewed");
  expect(told.filter((line) => line.includes("certificate"))).toEqual([
    "the renewed certificate cannot be used; the old one stays",
    "the certificate was renewed",
  ]);
});

test.each([
  ["nothing", {}, /no certificate or no key/],
  ["a certificate alone", { cert }, /no certificate or no key/],
  ["a file that is not there", { cert: "nowhere.pem", key }, /ENOENT.*nowhere\.pem/],
  ["what is no PEM inside", { cert: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", key }, /./],
  ["a certificate as its own key", { cert, key: cert }, /./],
])("%s is a fault of the config", (_what, tls, expected) => {
  const faults = http({ tls } as HttpOptions).check?.() ?? [];
  expect(faults).toMatchObject([{ path: "tls", problem: expect.stringMatching(expected) }]);
});
