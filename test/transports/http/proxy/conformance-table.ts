import { createHash } from "node:crypto";
import { METHODS, type IncomingMessage, request as httpRequest, type RequestListener } from "node:http";
import { Readable } from "node:stream";
import { bodyOf } from "../../../support/http-server.ts";

/** One request of the table. */
export interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | Readable;
}

/** What a caller can tell of an answer: everything but what each hop writes for itself. */
export interface Told {
  status: string;
  headers: string[];
  trailers: string[];
  body: string;
}

const ofTheHop = new Set(["connection", "keep-alive", "transfer-encoding", "date", "x-request-id", "x-worker-id"]);

/** Sends one request. */
export async function ask(url: string, { method = "GET", path = "/", headers = {}, body }: Asked): Promise<Told> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({ hostname, port, method, path, headers, agent: false }, resolve);
  request.on("error", reject);
  if (headers["expect"] !== undefined) {
    request.on("continue", () => request.end(body));
    request.flushHeaders();
  } else if (body instanceof Readable) body.pipe(request);
  else request.end(body);
  const response = await promise;
  const content = await bodyOf(response);
  const { rawHeaders, rawTrailers } = response;
  const told = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !ofTheHop.has(name.toLowerCase()) ? [`${name.toLowerCase()}: ${rawHeaders[at + 1]}`] : [],
  );
  return {
    status: `${response.statusCode} ${response.statusMessage}`,
    headers: told,
    trailers: rawTrailers,
    body: content.toString("latin1"),
  };
}

/** Tells everything of a request that is not the hop's, and answers as the path says. */
export const mirror: RequestListener = async (request, response) => {
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
  if (url === "/reason") return void response.writeHead(299, "Très bien, merci").end(text);
  if (url === "/empty") return void response.writeHead(200, { "content-length": "0" }).end();
  if (url === "/repeated")
    return void response
      .writeHead(200, ["Set-Cookie", "a=1; Path=/", "X-Odd", "ÿ\t,;", "Set-Cookie", "b=2", "X-Empty", "", "Content-Type", "text/plain"])
      .end(text);
  response.writeHead(200, { "content-type": "application/json", etag: '"1"' }).end(text);
};

const large = Buffer.alloc(3 * 1024 * 1024, "gate");
const pieces = (): Readable => Readable.from(["one", "two", Buffer.alloc(200_000, "x")]);

/** Every method that Node's parser knows; CONNECT asks for a tunnel, not for a resource. */
export const methods: string[] = METHODS.filter((method) => method !== "CONNECT");

/** Requests whose answers must be the same, whoever stands between. */
export const table: [what: string, asked: () => Asked][] = [
  ...methods.map((method): [string, () => Asked] => [method, () => ({ method, path: "/a?b=1" })]),
  ...[200, 201, 204, 206, 301, 304, 400, 404, 418, 500, 503].map((status): [string, () => Asked] => [
    `status ${status}`,
    () => ({ path: `/status/${status}` }),
  ]),
  ["no bytes", () => ({ method: "POST", body: Buffer.alloc(0) })],
  ["one byte", () => ({ method: "POST", body: Buffer.from("x") })],
  ["64 KiB and one more", () => ({ method: "PUT", body: large.subarray(0, 65_537) })],
  ["megabytes of known length", () => ({ method: "PUT", body: large, headers: { "content-length": String(large.length) } })],
  ["chunks", () => ({ method: "POST", body: pieces() })],
  ["a body that waits for 100 Continue", () => ({ method: "POST", body: large, headers: { expect: "100-continue" } })],
  ["a body with DELETE", () => ({ method: "DELETE", body: Buffer.from("x"), headers: { "content-length": "1" } })],
  ["a body with GET", () => ({ method: "GET", body: Buffer.from("x"), headers: { "content-length": "1" } })],
  ["an answer in chunks, with trailers", () => ({ path: "/chunked" })],
  ["an answer that ends its connection", () => ({ path: "/close" })],
  ["a status and a text of the server's own", () => ({ path: "/reason" })],
  ["an answer of no bytes", () => ({ path: "/empty" })],
  ["HEAD of an answer in chunks", () => ({ method: "HEAD", path: "/chunked" })],
  ["repeated headers, and odd bytes in them", () => ({ path: "/repeated", headers: { "x-many": ["1", "2"], "x-odd": "ÿ\t,;" } })],
  ["a version of the server's own API", () => ({ headers: { "x-api-version": "2", "x-timeout": "whenever" } })],
  ["odd bytes in the path", () => ({ path: "/~!$&'()*+,;=:@/%FF%00/%2F//?a=%zz&%E2%82%AC#" })],
];
