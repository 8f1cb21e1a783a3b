import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { type Answer, say, startTwins } from "./twins.ts";

const get = (method = "GET", more = ""): string => `${method} /x HTTP/1.1\r\nhost: a\r\n${more}\r\n`;
const json = ["content-type", "application/json"];
const close = get("GET", "connection: close\r\n");

const answers: [what: string, answer: Answer][] = [
  [
    "a body of known length",
    (_request, _body, response) => (response.writeHead(200, [...json, "content-length", "2"]), response.end("{}")),
  ],
  ["a body of unknown length", (_request, _body, response) => (response.writeHead(200, json), response.end(Buffer.from("hi")))],
  ["a text of Latin letters", (_request, _body, response) => (response.writeHead(200, json), response.end("\xe9\xff", "latin1"))],
  ["no body", (_request, _body, response) => (response.writeHead(200, json), response.end())],
  ["204", (_request, _body, response) => (response.writeHead(204, ["x-a", "1"]), response.end())],
  ["205", (_request, _body, response) => (response.writeHead(205, []), response.end())],
  ["304 with a length", (_request, _body, response) => (response.writeHead(304, ["content-length", "9"]), response.end())],
  [
    "headers that repeat",
    (_request, _body, response) => (response.writeHead(200, ["set-cookie", "a=1", "set-cookie", "b=2"]), response.end()),
  ],
  [
    "headers as an object",
    (_request, _body, response) => (response.writeHead(404, { "content-length": "0", "x-b": "\xe9" }), response.end()),
  ],
  ["a status that nobody knows", (_request, _body, response) => (response.writeHead(599, ["content-length", "0"]), response.end())],
  [
    "a stream",
    (_request, _body, response) => (
      response.writeHead(200, json),
      response.write("a"),
      response.write(Buffer.from("bc")),
      response.end("d")
    ),
  ],
  [
    "a stream of known length",
    (_request, _body, response) => (
      response.writeHead(200, ["content-length", "3"]),
      response.write("a"),
      response.write("b"),
      response.end("c")
    ),
  ],
  [
    "a piece of nothing",
    (_request, _body, response) => (response.writeHead(200, json), response.write(Buffer.alloc(0)), response.end("d")),
  ],
  [
    "large pieces",
    (_request, _body, response) => (
      response.writeHead(200, json),
      response.write(Buffer.alloc(70_000, "x")),
      response.end(Buffer.alloc(9000, "y"))
    ),
  ],
  [
    "a large body",
    (_request, _body, response) => (response.writeHead(200, ["content-length", "90000"]), response.end(Buffer.alloc(90_000, "x"))),
  ],
  [
    "the last of a connection",
    (_request, _body, response) => (
      (response.shouldKeepAlive = false),
      response.writeHead(200, ["content-length", "1"]),
      response.end("x")
    ),
  ],
  [
    "what is cut off",
    (_request, _body, response) => (response.writeHead(200, json), response.write("a"), setTimeout(() => response.destroy(), 20)),
  ],
];

describe("a response is on the wire as from Node", () => {
  test.each(answers)("%s, to GET and to HEAD, kept and last", async (_what, answer) => {
    const { node, ours, taken } = await startTwins(answer);
    for (const text of [get() + close, get("HEAD") + close, get("HEAD", "connection: close\r\n")]) {
      const framed = async (port: number): Promise<unknown> => {
        const heard = await say(port, [text]);
        return { ...heard, text: withoutFrames(heard.text) };
      };
      expect(await framed(ours)).toEqual(await framed(node));
    }
    expect(taken()).toBeGreaterThan(2);
  });
});

/** Chunks are cut where a writer likes. */
function withoutFrames(text: string): string {
  return text.replaceAll(/(?<=\r\n\r\n|[^\n]\r\n)[\da-f]+\r\n(?!HTTP)([^\r]+)\r\n/g, "$1").replaceAll(/\r\n0\r\n\r\n|0\r\n\r\n/g, "<end>");
}

const writes = async (answer: Answer): Promise<string> => {
  const { ours } = await startTwins(answer);
  return (await say(ours, [get() + close])).text;
};

test("a body that is longer than it said ends its connection before a byte too many, and so does one that is shorter", async () => {
  const longer = await writes(
    (_request, _body, response) => (response.writeHead(200, ["content-length", "1"]), response.write("a"), response.end("HTTP/1.1 200")),
  );
  expect([longer.match(/HTTP/g)?.length ?? 0, longer.includes("aH")]).toEqual([0, false]);
  const shorter = await writes((_request, _body, response) => (response.writeHead(200, ["content-length", "5"]), response.end("a")));
  expect(shorter.match(/HTTP/g)).toHaveLength(1);
});

test.each<[string, number, string[]]>([
  ["a line in a value", 200, ["x", "a\r\nset-cookie: b"]],
  ["a name that is none", 200, ["x y", "1"]],
  ["a status that is none", 99, []],
  ["two lengths", 200, ["content-length", "1", "content-length", "2"]],
])("a head with %s is refused before anything of it is written", async (_what, status, headers) => {
  const text = await writes((_request, _body, response) => {
    expect(() => response.writeHead(status, headers)).toThrow();
    response.writeHead(502, ["content-length", "0"]);
    response.end();
  });
  expect(text.match(/HTTP\/1\.1 502 /g)).toHaveLength(2);
});

test("headers of the hop are the connection's own", async () => {
  const text = await writes((_request, _body, response) => {
    response.writeHead(200, ["connection", "close", "transfer-encoding", "gzip", "keep-alive", "timeout=1", "content-length", "0"]);
    response.end();
  });
  expect(text.match(/Connection: keep-alive/gi)).toHaveLength(1);
  expect(text).not.toMatch(/gzip|timeout=1\r/);
});

test("a client that does not read its answers is asked for nothing more", async () => {
  const { ours, taken } = await startTwins((_request, _body, response) => {
    response.writeHead(200, ["content-length", "1000000"]);
    response.end(Buffer.alloc(1_000_000));
  });
  const deaf = connect(ours, "127.0.0.1").pause();
  deaf.write(get().repeat(100));
  await eventuallyTrue("some are taken", () => taken() > 0);
  await say(ours, [close]);
  expect(taken()).toBeLessThan(50);
  let bytes = 0;
  deaf.on("data", (data: Buffer) => (bytes += data.length)).resume();
  await eventuallyTrue("it gets all of them in the end", () => bytes > 100_000_000, 20_000);
  deaf.destroy();
});

test("a request that comes while another one runs waits for its turn, and its client's leaving ends the one that runs", async () => {
  let ended = 0;
  const { ours, taken } = await startTwins((_request, _body, response) => void response.on("close", () => ended++));
  const client = connect(ours, "127.0.0.1");
  client.write(get() + get());
  await eventuallyTrue("one is taken", () => taken() > 0);
  client.destroy();
  await eventuallyTrue("it has ended", () => ended === 1);
  expect(taken()).toBe(1);
});
