import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { bodyOf, startServer } from "../support/http-server.ts";
import { freePort, gate, GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const link = (url: string): string => url.replace("http", "ws");

/** Resident memory of a process, in MiB. */
function memoryOf({ child }: GateProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;
}

test("gate expose publishes a local server, and writes a line for each request", async () => {
  const running = await startGate(await workspace());
  const { url, port } = await startServer((request, response) => response.writeHead(request.url === "/x" ? 404 : 200).end(request.url));
  const exposing = new GateProcess(["expose", String(port), "--path", "/app", "--gate", link(running.http), "--id", "home"]);
  await exposing.says(new RegExp(`exposing http://localhost:${port} at ${running.http}/app as home`));
  expect(url).toContain(String(port));
  const response = await fetch(`${running.http}/app/a?b=1`);
  expect([await response.text(), response.headers.get("x-worker-id")]).toEqual(["/a?b=1", "home"]);
  await fetch(`${running.http}/app/x`, { method: "POST", body: "x" });
  await exposing.says(/^GET \/app\/a\?b=1 200 [\d.]+ ms\nPOST \/app\/x 404 [\d.]+ ms\n$/);
  exposing.signal("SIGINT");
  expect(await exposing.exit).toBe(0);
  expect(exposing.stderr).not.toContain("asked this worker to leave");
});

test("gate expose --json writes one object per request, and tells why a server gave no answer", async () => {
  const running = await startGate(await workspace());
  const port = await freePort();
  const exposing = new GateProcess(["expose", `localhost:${port}`, "--gate", link(running.http), "--json"]);
  await exposing.says(/exposing/);
  const refused = await fetch(`${running.http}/x`);
  expect([refused.status, refused.headers.get("content-type")]).toEqual([502, "application/problem+json"]);
  await startServer((_request, response) => response.writeHead(204).end(), port);
  expect((await fetch(`${running.http}/y`)).status).toBe(204);
  await exposing.says(/"\/y"/);
  const told = exposing.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(told).toEqual([
    { method: "GET", path: "/x", status: 502, ms: expect.any(Number), error: expect.stringContaining("cannot be reached") },
    { method: "GET", path: "/y", status: 204, ms: expect.any(Number) },
  ]);
});

test("gate expose waits for a gate that is away, says so, and serves again when it is back", async () => {
  const folder = await workspace();
  const running = await startGate(folder);
  const { port } = await startServer((_request, response) => response.end("ok"));
  const exposing = new GateProcess(["expose", String(port), "--gate", link(running.http)]);
  await exposing.says(/exposing/);
  await running.process.kill();
  await exposing.says(/no link to the gate; trying again/);
  await startGate(folder, "", running);
  await exposing.says(/serving again/);
  expect(await (await fetch(`${running.http}/`)).text()).toBe("ok");
});

test("an upload of 256 MB passes whole, and neither the gate nor the worker holds it", async () => {
  const running = await startGate(await workspace());
  const { port } = await startServer(async (request, response) => {
    const sum = createHash("sha256");
    for await (const piece of request as AsyncIterable<Buffer>) {
      sum.update(piece);
      // A server that reads slowly: whoever stands between must wait.
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end(sum.digest("hex"));
  });
  const exposing = new GateProcess(["expose", String(port), "--gate", link(running.http)]);
  await exposing.says(/exposing/);
  await (await fetch(`${running.http}/`, { method: "POST", body: randomBytes(1024 * 1024) })).text();
  const before = [memoryOf(running.process), memoryOf(exposing)];
  const piece = randomBytes(64 * 1024);
  const pieces = 4096;
  const expected = createHash("sha256");
  const upload = Readable.from(
    (function* () {
      for (let at = 0; at < pieces; at++) {
        expected.update(piece);
        yield piece;
      }
    })(),
  );
  const answer = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(
      running.http,
      { method: "PUT" },
      (response) => void bodyOf(response).then((body) => resolve(body.toString()), reject),
    );
    request.on("error", reject);
    upload.pipe(request);
  });
  expect(answer).toBe(expected.digest("hex"));
  const grown = [memoryOf(running.process), memoryOf(exposing)].map((now, at) => now - (before[at] as number));
  // What either holds until the next collection is garbage, and the same for any size.
  for (const one of grown) expect(one).toBeLessThan(128);
}, 90_000);

test("gate expose names what is wrong with its arguments, and what the gate refuses", async () => {
  expect(await gate(["expose"])).toMatchObject({ code: 2, stderr: expect.stringContaining("URL is missing") });
  expect(await gate(["expose", "ftp://x"])).toMatchObject({ code: 2, stderr: expect.stringContaining("is not the URL of an HTTP server") });
  expect(await gate(["expose", "3000", "--path", "app"])).toMatchObject({ code: 2, stderr: expect.stringContaining("is not a path") });
  const locked = await startGate(await workspace(), `keys: ["secret-of-sixteen"]`);
  const refused = await gate(["expose", "3000", "--gate", link(locked.http), "--key", "wrong"]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("the gate refused this worker") });
  const exposing = new GateProcess(["expose", "3000", "--gate", link(locked.http), "--key", "secret-of-sixteen"]);
  await exposing.says(/exposing/);
  expect((await fetch(`${locked.http}/`)).status).toBe(401);
  await eventuallyTrue(
    "a key opens it",
    async () => (await fetch(`${locked.http}/`, { headers: { "x-gate-key": "secret-of-sixteen" } })).status === 502,
  );
});
