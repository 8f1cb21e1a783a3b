import { STATUS_CODES } from "node:http";
import { createFetchHandler, type FetchHandler } from "unigate/fetch";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServer } from "../../../support/http-server.ts";
import { ask, type Asked, mirror, table, type Told } from "../proxy/conformance-table.ts";
import { post } from "./fetch-world.ts";

/** The request as a platform hands it over; undefined for one that no `Request` can be. */
function toRequest({ method = "GET", path = "/", headers = {}, body }: Asked): Request | undefined {
  const url = new URL(`http://gate.test/svc/shop${path}`);
  const isOwn = url.pathname + url.search === `/svc/shop${path}` && headers["expect"] === undefined;
  const flat = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value]));
  try {
    return isOwn ? new Request(url, { method, headers: flat, body: (body ?? null) as never, duplex: "half" }) : undefined;
  } catch {
    return undefined;
  }
}

const ofTheGate = new Set(["date", "x-request-id", "x-worker-id"]);

/** Headers as a `Response` has them: sorted, and joined where they may be. */
function sorted(headers: Headers): string[] {
  return [...headers].filter(([name]) => !ofTheGate.has(name)).map(([name, value]) => `${name}: ${value}`);
}

async function answerOf(handle: FetchHandler, request: Request): Promise<Omit<Told, "trailers">> {
  const response = await handle(request);
  const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
  // The usual text of a status is left to the platform.
  const text = response.statusText || STATUS_CODES[response.status];
  return { status: `${response.status} ${text}`, headers: sorted(response.headers), body };
}

async function directly(url: string, asked: Asked): Promise<Omit<Told, "trailers">> {
  // What a request repeats, a `Request` joins: the same by the RFC.
  const joined = Object.entries(asked.headers ?? {}).map(([name, values]) => [name, [values].flat().join(", ")]);
  const { status, headers, body } = await ask(url, { ...asked, headers: Object.fromEntries(joined) });
  const pairs = headers.map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(": ") + 2)]);
  return { status, headers: sorted(new Headers(pairs)), body };
}

describe("a caller of a handler cannot tell the gate from the server behind it", () => {
  const possible = table.filter(([, asked]) => toRequest(asked()) !== undefined);

  test("in all that is asked of a port as well and that a Request can be", () => {
    const impossible = table.filter((row) => !possible.includes(row)).map(([what]) => what);
    expect(impossible).toEqual(["TRACE", "a body that waits for 100 Continue", "a body with GET", "odd bytes in the path"]);
  });

  test.each(possible)("%s", async (_what, asked) => {
    const { url } = await startServer(mirror);
    const handle = createFetchHandler({ settle: 0 });
    onTestFinished(() => handle.close());
    await handle(post("/register", { name: "shop", service: url }));
    expect(await answerOf(handle, toRequest(asked()) as Request)).toEqual(await directly(url, asked()));
  });
});
