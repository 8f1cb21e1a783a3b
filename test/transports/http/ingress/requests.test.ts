import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReplyTarget } from "../../../../transports/http/http-reply.ts";
import type { RequestHead } from "../../../../transports/http/request-job.ts";
import { cut } from "../upstream/any-response.ts";
import { anyRequest } from "./any-request.ts";
import { type Heard, say, startTwins } from "./twins.ts";

/** Tells what it has understood of a request. */
function tell({ method, url, headers, rawHeaders }: RequestHead, body: Buffer, response: ReplyTarget): void {
  const text = JSON.stringify({ method, url, headers, rawHeaders, body: body.toString("latin1") });
  response.writeHead(200, ["content-type", "application/json", "content-length", String(Buffer.byteLength(text))]);
  response.end(text);
}

const last = "GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const get = (...lines: string[]): string => `GET /x HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const post = (lines: string[], body: string): string => get(...lines).replace("GET", "POST") + body;

const plain: [what: string, raw: string][] = [
  ["a GET", get("host: a")],
  ["a POST with a body", post(["host: a", "content-length: 3"], "abc")],
  ["a POST without a body", post(["Host: a", "Content-Length: 0"], "")],
  ["a GET with a body", get("host: a", "content-length: 2") + "hi"],
  ["a HEAD", get("host: a").replace("GET", "HEAD")],
  [
    "an OPTIONS, a PUT, a PATCH and a DELETE",
    ["OPTIONS", "PUT", "PATCH", "DELETE"].map((one) => get("host: a").replace("GET", one)).join(""),
  ],
  ["an empty host", get("host:")],
  ["headers that repeat", get("host: a", "accept: 1", "Accept: 2", "x-a: 1", "X-A: 2", "cookie: a=1", "cookie: b=2")],
  ["blanks around values", get("host:\t a \t", "x:  1  2  ", "y:")],
  ["bytes beyond ASCII in values", get("host: a", "x: \xe9\xff")],
  ["every letter of a name", get("host: a", "!#$%&'*+-.^_`|~09azAZ: 1")],
  ["names that objects have", get("host: a", "constructor: 2", "toString: 3", "constructor: 4")],
  ["odd bytes in a path", get("host: a").replace("/x", "//a/%2e%zz/..?a=\"<>\\^`{|}'?b")],
  ["a length with zeros before it", post(["host: a", "content-length: 0003"], "abc")],
  ["a connection that is kept", get("host: a", "connection: Keep-Alive")],
  ["many at once", get("host: a").repeat(50)],
];

const others: [what: string, raw: string][] = [
  ["somebody else's path", get("host: a").replace("/x", "/others")],
  ["a whole URL", get("host: a").replace("/x", "http://a/x")],
  ["an asterisk", get("host: a").replace("GET /x", "OPTIONS *")],
  ["a fragment", get("host: a").replace("/x", "/x#y")],
  ["bytes beyond ASCII in a path", get("host: a").replace("/x", "/\xe9")],
  ["another method", get("host: a").replace("GET", "PROPFIND")],
  ["HTTP/1.0", get("host: a").replace("1.1", "1.0")],
  ["HTTP/1.0 that is kept", get("host: a", "connection: keep-alive").replace("1.1", "1.0")],
  ["chunks", post(["host: a", "transfer-encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n")],
  ["100-continue", post(["host: a", "content-length: 3", "expect: 100-continue"], "abc")],
  ["a larger body", post(["host: a", "content-length: 2000"], "x".repeat(2000))],
  ["a larger head", get("host: a", `x: ${"y".repeat(9000)}`)],
  ["two of what may be one", get("host: a", "user-agent: 1", "user-agent: 2", "authorization: 1", "authorization: 2")],
  ["what Connection names", get("host: a", "connection: x, close", "x: 1")],
  ["a name that is special to objects", get("host: a", "__proto__: 1")],
  ["empty lines before it", `\r\n\r\n${get("host: a")}`],
];

const broken: [what: string, raw: string][] = [
  ["no host", get("x: 1")],
  ["two hosts", get("host: a", "host: b")],
  ["two lengths", post(["host: a", "content-length: 3", "content-length: 4"], "abcd")],
  ["two lengths that are the same", post(["host: a", "content-length: 3", "content-length: 3"], "abc")],
  ["lengths in a list", post(["host: a", "content-length: 3, 3"], "abc")],
  ["a length beside chunks", post(["host: a", "content-length: 3", "transfer-encoding: chunked"], "0\r\n\r\n")],
  ["chunks beside a length", post(["host: a", "transfer-encoding: chunked", "content-length: 3"], "0\r\n\r\n")],
  ["chunks that are not last", post(["host: a", "transfer-encoding: chunked, identity"], "0\r\n\r\n")],
  ["an unknown coding", post(["host: a", "transfer-encoding: xchunked"], "0\r\n\r\n")],
  ["a coding that hides behind a blank", post(["host: a", "transfer-encoding : chunked"], "0\r\n\r\n")],
  ["a coding that hides behind a byte", post(["host: a", "transfer-encoding: \x0bchunked"], "0\r\n\r\n")],
  ["a length with a sign", post(["host: a", "content-length: +3"], "abc")],
  ["a length below zero", post(["host: a", "content-length: -3"], "abc")],
  ["a length in hexadecimal", post(["host: a", "content-length: 0x3"], "abc")],
  ["a length with a blank in it", post(["host: a", "content-length: 1 2"], "abc")],
  ["a length of nothing", post(["host: a", "content-length:"], "abc")],
  ["a length longer than numbers go", post(["host: a", "content-length: 99999999999999999999"], "abc")],
  ["a space before the colon", get("host: a", "x : 1")],
  ["a space before a name", get("host: a", " x: 1")],
  ["a folded header", get("host: a", "x: 1", " more")],
  ["a folded host", get("host: a", "\tb")],
  ["a header without a colon", get("host: a", "nonsense")],
  ["a header without a name", get("host: a", ": 1")],
  ["a byte of zero in a value", get("host: a", "x: a\0b")],
  ["a byte of zero in a name", get("host: a", "x\0: 1")],
  ["a control character in a value", get("host: a", "x: a\x01b")],
  ["DEL in a value", get("host: a", "x: a\x7fb")],
  ["a carriage return alone", get("host: a", "x: a\rb: c")],
  ["a line feed alone in a head", "GET /x HTTP/1.1\nhost: a\n\n"],
  ["a line feed alone in a header", get("host: a", "x: 1\ny: 2")],
  ["a line feed alone at the end", "GET /x HTTP/1.1\r\nhost: a\r\n\n"],
  ["a name beyond ASCII", get("host: a", "x\xe9: 1")],
  ["a blank in a path", get("host: a").replace("/x", "/x y")],
  ["a tab in a path", get("host: a").replace("/x", "/x\ty")],
  ["a byte of zero in a path", get("host: a").replace("/x", "/x\0")],
  ["two blanks before a path", get("host: a").replace(" /x", "  /x")],
  ["no path", get("host: a").replace(" /x", "")],
  ["a method in lower case", get("host: a").replace("GET", "get")],
  ["a method that is none", get("host: a").replace("GET", "GETS")],
  ["a later protocol", get("host: a").replace("1.1", "2.0")],
  ["a protocol of more digits", get("host: a").replace("1.1", "1.10")],
  ["another protocol", get("host: a").replace("HTTP/1.1", "ICAP/1.1")],
  ["a blank after the protocol", get("host: a").replace("1.1", "1.1 ")],
  ["a chunk of no size", post(["host: a", "transfer-encoding: chunked"], "zz\r\n\r\n0\r\n\r\n")],
  ["the hello of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
];

describe("beside Node's own server", () => {
  test.each(plain)("%s is answered here, and the same", async (_what, raw) => {
    const twins = await startTwins(tell);
    const bytes = Buffer.from(raw + last, "latin1");
    const expected = await say(twins.node, [bytes]);
    expect(await say(twins.ours, [bytes])).toEqual(expected);
    expect(expected.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(twins.taken()).toBe(expected.text.match(/HTTP\/1\.1 200/g)?.length);
  });

  test.each([...others, ...broken])("%s is left to it, and what comes before is not", async (_what, raw) => {
    const twins = await startTwins(tell);
    const first = post(["host: a", "content-length: 5"], "first");
    const pieces = [first, raw + last].map((text) => Buffer.from(text, "latin1"));
    const expected = await say(twins.node, pieces);
    expect(await say(twins.ours, pieces)).toEqual(expected);
    expect(twins.taken()).toBe(1);
  });

  test.each(broken)("%s after its request is not taken for a body", async (_what, raw) => {
    const twins = await startTwins(tell);
    expect(await say(twins.ours, [Buffer.from(raw, "latin1")])).toEqual(await say(twins.node, [Buffer.from(raw, "latin1")]));
    expect(twins.taken()).toBe(0);
  });

  test("a request that its client breaks off is malformed for both", async () => {
    const twins = await startTwins(tell);
    for (const raw of ["GET /x HTTP/1.1\r\nhost", post(["host: a", "content-length: 5"], "ab")]) {
      const [ours, theirs] = await Promise.all([twins.ours, twins.node].map((port) => say(port, [raw], { ends: true })));
      expect([ours?.text.slice(0, 24), ours?.isClosed]).toEqual([theirs?.text.slice(0, 24), theirs?.isClosed]);
    }
  });
});

/** Ends every request that some bytes may have begun, and the connection; empty lines between requests mean nothing. */
const ending = Buffer.from("\r\n".repeat(500) + last);

/** What a server has made of a request. What is malformed after it Node answers before it: then only that counts. */
async function madeOf(port: number, pieces: Buffer[]): Promise<Heard> {
  const { text, isClosed } = await say(port, [...pieces, ending], { stillMs: 5000 });
  const malformed = text.indexOf("HTTP/1.1 4");
  return { text: malformed < 0 ? text : text.slice(malformed, malformed + 12), isClosed };
}

test("requests and their mutilations are understood as by Node, however they are cut", async () => {
  const { node, ours, taken } = await startTwins(tell);
  // Node calls what follows the end of a connection malformed, and says only that.
  const open = anyRequest.filter((bytes) => /^[^]* HTTP\/1\.1\r\n(?![^]*close)/i.test(bytes.toString("latin1")));
  const manyAtOnce = fc.array(fc.tuple(open, fc.infiniteStream(fc.nat())), { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(manyAtOnce, async (all) => {
      const expected = await Promise.all(all.map(([bytes]) => madeOf(node, [bytes])));
      expect(await Promise.all(all.map(([bytes]) => madeOf(ours, [bytes])))).toEqual(expected);
      expect(await Promise.all(all.map(([bytes, cuts]) => madeOf(ours, cut(bytes, cuts))))).toEqual(expected);
    }),
    { numRuns: 40, endOnFailure: true },
  );
  expect(taken()).toBeGreaterThan(200);
});
