import { createHash } from "node:crypto";
import { type IncomingMessage, request as httpRequest, type RequestListener } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { bodyOf, startServer } from "../../../support/http-server.ts";
import { nginxProgram, startNginx } from "../../../support/nginx.ts";
import { openGate } from "./proxy-world.ts";

/** One request of the table. */
interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | Readable;
}

/** What a caller can tell of an answer: everything but what each hop writes for itself. */
interface Told {
  status: number | undefined;
  headers: string[];
  trailers: string[];
  body: string;
}

const ofTheHop = new Set(["connection", "keep-alive", "transfer-encoding", "date", "x-request-id", "x-worker-id"]);

async function ask(url: string, { method = "GET", path = "/", headers = {}, body }: Asked): Promise<Told> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({ hostname, port, method, path, headers, agent: false }, resolve);
  request.on("error", reject);
  if (body instanceof Readable) body.pipe(request);
  else request.end(body);
  const response = await promise;
  const content = await bodyOf(response);
  const { rawHeaders, rawTrailers } = response;
  const told = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !ofTheHop.has(name.toLowerCase()) ? [`${name.toLowerCase()}: ${rawHeaders[at + 1]}`] : [],
  );
  return { status: response.statusCode, headers: told, trailers: rawTrailers, body: content.toString("latin1") };
}

/** Tells everything of a request that is not the hop's, and answers as the path says. */
const mirror: RequestListener = async (request, response) => {
  const body = await bodyOf(request);
  const own = request.rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && /^x-(?!forwarded|request)/i.test(name) ? [`${name.toLowerCase()}: ${request.rawHeaders[at + 1]}`] : [],
  );
  const text = JSON.stringify({
    method: request.method,
    url: request.url,
    own,
    sum: createHash("sha256").update(body).digest("hex"),
    length: body.length,
  });
  const url = request.url ?? "";
  if (url.startsWith("/status/"))
    return void response
      .writeHead(Number(url.slice(8)), { location: "/elsewhere", "x-own": "1" })
      .end(url.endsWith("204") || url.endsWith("304") ? undefined : text);
  if (url === "/chunked") {
    response.writeHead(200);
    for (const letter of text) response.write(letter);
    response.addTrailers({ "x-sum": "1" });
    return void response.end();
  }
  if (url === "/close") return void response.writeHead(200, { connection: "close" }).end(text);
  if (url === "/empty") return void response.writeHead(200, { "content-length": "0" }).end();
  if (url === "/repeated")
    return void response
      .writeHead(200, ["Set-Cookie", "a=1; Path=/", "X-Odd", "ÿ\t,;", "Set-Cookie", "b=2", "X-Empty", "", "Content-Type", "text/plain"])
      .end(text);
  response.writeHead(200, { "content-type": "application/json", etag: '"1"' }).end(text);
};

const large = Buffer.alloc(3 * 1024 * 1024, "gate");
const pieces = (): Readable => Readable.from(["one", "two", Buffer.alloc(200_000, "x")]);

const table: [what: string, asked: () => Asked][] = [
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "REPORT"].map((method): [string, () => Asked] => [
    method,
    () => ({ method, path: "/a?b=1" }),
  ]),
  ...[200, 201, 204, 206, 301, 304, 400, 404, 418, 500, 503].map((status): [string, () => Asked] => [
    `status ${status}`,
    () => ({ path: `/status/${status}` }),
  ]),
  ["no bytes", () => ({ method: "POST", body: Buffer.alloc(0) })],
  ["one byte", () => ({ method: "POST", body: Buffer.from("x") })],
  ["64 KiB and one more", () => ({ method: "PUT", body: large.subarray(0, 65_537) })],
  ["megabytes of known length", () => ({ method: "PUT", body: large, headers: { "content-length": String(large.length) } })],
  ["chunks", () => ({ method: "POST", body: pieces() })],
  ["a body with DELETE", () => ({ method: "DELETE", body: Buffer.from("x"), headers: { "content-length": "1" } })],
  ["a body with GET", () => ({ method: "GET", body: Buffer.from("x"), headers: { "content-length": "1" } })],
  ["an answer in chunks, with trailers", () => ({ path: "/chunked" })],
  ["an answer that ends its connection", () => ({ path: "/close" })],
  ["an answer of no bytes", () => ({ path: "/empty" })],
  ["HEAD of an answer in chunks", () => ({ method: "HEAD", path: "/chunked" })],
  ["repeated headers, and odd bytes in them", () => ({ path: "/repeated", headers: { "x-many": ["1", "2"], "x-odd": "ÿ\t,;" } })],
  ["a version of the server's own API", () => ({ headers: { "x-api-version": "2", "x-timeout": "whenever" } })],
  ["odd bytes in the path", () => ({ path: "/~!$&'()*+,;=:@/%FF%00/%2F//?a=%zz&%E2%82%AC#" })],
];

describe("a caller cannot tell the gate from the server behind it", () => {
  test.each(table)("%s", async (_what, asked) => {
    const { url } = await startServer(mirror);
    const gate = await openGate({ proxy: [{ path: "/*", to: url }] });
    expect(await ask(gate.url, asked())).toEqual(await ask(url, asked()));
  });
});

const fromNginx: [what: string, asked: Asked][] = [
  ["a file", { path: "/large" }],
  ["HEAD of a file", { method: "HEAD", path: "/large" }],
  ["a range of it", { path: "/large", headers: { range: "bytes=5-20" } }],
  ["a range that is not there", { path: "/large", headers: { range: "bytes=9999999-" } }],
  ["a file that did not change", { path: "/large", headers: { "if-modified-since": "Fri, 31 Dec 2100 00:00:00 GMT" } }],
  ["a redirect", { path: "/moved" }],
  ["what is not there", { path: "/missing" }],
  ["a method that it does not take", { method: "DELETE", path: "/large" }],
  ["a body that is too large", { method: "POST", path: "/small", body: Buffer.alloc(2000), headers: { "content-length": "2000" } }],
  ["what it makes of a request", { path: "/mirror/%7Ea?b=%20", headers: { "x-own": "1" } }],
];

const why = nginxProgram === undefined ? " (skipped: nginx is not installed)" : "";
describe.skipIf(nginxProgram === undefined)(`a caller cannot tell the gate from the nginx behind it${why}`, () => {
  test.each(fromNginx)("%s", async (_what, asked) => {
    const url = await startNginx(
      'root {folder}; location = /moved { return 302 /large; } location /mirror { return 200 "$request_method $request_uri $http_x_own"; } ' +
        "location = /small { client_max_body_size 1k; proxy_pass http://127.0.0.1:9; }",
    );
    const gate = await openGate({ proxy: [{ path: "/*", to: url, headers: { host: new URL(url).host } }] });
    expect(await ask(gate.url, asked)).toEqual(await ask(url, asked));
  });
});
