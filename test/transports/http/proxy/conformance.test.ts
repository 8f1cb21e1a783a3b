import { describe, expect, test } from "vitest";
import { startServer } from "../../../support/http-server.ts";
import { nginxProgram, startNginx } from "../../../support/nginx.ts";
import { ask, type Asked, methods, mirror, table } from "./conformance-table.ts";
import { openGate } from "./proxy-world.ts";

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
  [
    "a body that is too large, before it was sent",
    { method: "POST", path: "/small", body: Buffer.alloc(2000), headers: { "content-length": "2000", expect: "100-continue" } },
  ],
  ["a body that waits for 100 Continue", { method: "PUT", path: "/node/x", body: Buffer.alloc(9000), headers: { expect: "100-continue" } }],
  ["megabytes up and a short answer", { method: "POST", path: "/node/x", body: Buffer.alloc(3_000_000, "gate") }],
  ["chunks up", { method: "POST", path: "/node/x", body: Buffer.alloc(9000), headers: { "transfer-encoding": "chunked" } }],
  ["an answer in chunks", { path: "/node/chunked" }],
  ["an answer of no bytes", { path: "/node/empty" }],
  ["a status without a body", { path: "/none" }],
  ["headers that it repeats", { path: "/repeated" }],
  ["odd bytes in the path", { path: "/mirror/~!$&'()*+,;=:@/%FF%01/%2F//?a=%zz&%E2%82%AC" }],
  ...methods.map((method): [string, Asked] => [`${method} at a location that takes all`, { method, path: "/mirror/x" }]),
  ["what it makes of a request", { path: "/mirror/%7Ea?b=%20", headers: { "x-own": "1" } }],
];

const why = nginxProgram === undefined ? " (skipped: nginx is not installed)" : "";
describe.skipIf(nginxProgram === undefined)(`a caller cannot tell the gate from the nginx behind it${why}`, () => {
  test.each(fromNginx)("%s", async (_what, asked) => {
    const { url: node } = await startServer(mirror);
    const { url } = await startNginx(
      'root {folder}; location = /moved { return 302 /large; } location /mirror { return 200 "$request_method $request_uri $http_x_own"; } ' +
        `location /node/ { client_max_body_size 0; proxy_pass ${node}/; proxy_http_version 1.1; } ` +
        "location = /none { return 204; } " +
        'location = /repeated { add_header Set-Cookie "a=1; Path=/"; add_header Set-Cookie b=2; add_header X-Odd "ä,;"; return 200 x; } ' +
        "location = /small { client_max_body_size 1k; proxy_pass http://127.0.0.1:9; }",
    );
    const gate = await openGate({ proxy: [{ path: "/*", to: url, headers: { host: new URL(url).host } }] });
    expect(await ask(gate.url, asked)).toEqual(await ask(url, asked));
  });
});
