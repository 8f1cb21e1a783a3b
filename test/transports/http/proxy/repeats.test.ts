import { expect, test } from "vitest";
import { exchange } from "../../../support/http-door.ts";
import { bodyOf } from "../../../support/http-server.ts";
import { openProxied } from "./proxy-world.ts";

/** What the server behind the gate saw of one request. */
type Seen = { headers: Record<string, string>; url: string; body: string };

async function ask(pieces: string[], options: Parameters<typeof openProxied>[1] = {}): Promise<{ seen: Seen[]; text: string }> {
  const seen: Seen[] = [];
  const { port } = await openProxied(async (request, response) => {
    seen.push({ headers: request.headers as Record<string, string>, url: request.url ?? "", body: (await bodyOf(request)).toString() });
    const text = `answer ${seen.length}`;
    response.writeHead(200, { "content-length": text.length, "x-own": "1" }).end(text);
  }, options);
  const { text } = await exchange(port, pieces);
  return { seen, text };
}

const post = (body: string, more = ""): string =>
  `POST /x HTTP/1.1\r\nHost: a\r\nX-Own: 1\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

test("requests that have the same head are each sent with their own body and id, and each is answered with its own", async () => {
  const { seen, text } = await ask(["one", "two", "six"].map((body) => post(body)));
  expect(seen.map(({ body }) => body)).toEqual(["one", "two", "six"]);
  const ids = seen.map(({ headers }) => headers["x-request-id"]);
  expect(new Set(ids).size).toBe(3);
  expect(Array.from(text.matchAll(/x-request-id: (\S+)/g), ([, id]) => id)).toEqual(ids);
  expect(Array.from(text.matchAll(/answer \d/g), ([answer]) => answer)).toEqual(["answer 1", "answer 2", "answer 3"]);
  const rest = seen.map(({ headers }) => ({ ...headers, "x-request-id": "" }));
  expect(rest[1]).toEqual(rest[0]);
  expect(rest[2]).toEqual(rest[0]);
  expect(rest[0]).toMatchObject({ "x-own": "1", "content-length": "3", "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "a" });
});

test("another head between them is not taken for theirs, nor theirs for it", async () => {
  const { seen } = await ask([post("one"), post("one"), post("one", "X-More: 2\r\n"), post("longer"), post("one")]);
  expect(seen.map(({ body, headers }) => [body, headers["x-more"], headers["content-length"]])).toEqual([
    ["one", undefined, "3"],
    ["one", undefined, "3"],
    ["one", "2", "3"],
    ["longer", undefined, "6"],
    ["one", undefined, "3"],
  ]);
});

test("an id of the caller's own stays, and so do headers of the config, each time", async () => {
  const own = await ask([1, 2, 3].map(() => post("a", "X-Request-ID: mine\r\n")));
  expect(own.seen.map(({ headers }) => headers["x-request-id"])).toEqual(["mine", "mine", "mine"]);
  const added = await ask(
    [1, 2, 3].map(() => post("a")),
    { headers: { "x-key": "k", "x-own": null }, rewrite: "/v2/*" },
  );
  expect(added.seen.map(({ headers, url }) => [url, headers["x-key"], headers["x-own"]])).toEqual(
    [1, 2, 3].map(() => ["/v2/x", "k", undefined]),
  );
});
