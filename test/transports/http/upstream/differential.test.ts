import fc from "fast-check";
import { request as httpRequest, type IncomingMessage, STATUS_CODES } from "node:http";
import { expect, test } from "vitest";
import { hopByHop } from "../../../../transports/http/hop-by-hop.ts";
import { bodyOf, startTcp } from "../../../support/http-server.ts";
import { anyResponse, cut, mangledResponse } from "./any-response.ts";
import { Caller, open, toJob } from "./upstream-world.ts";

/** What a client makes of an answer. */
interface Read {
  status: number;
  reason: string;
  headers: string[];
  body: string;
  trailers: string[];
}

const lowerNames = (flat: readonly string[]): string[] => flat.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
const withoutHop = (flat: readonly string[]): string[] => flat.filter((_text, at) => !hopByHop.has(flat[at - (at % 2)] as string));

/** By Node's own client; undefined when that takes it for an error. */
async function readByNode(url: string): Promise<Read | undefined> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(url, { agent: false }, resolve).on("error", reject).on("upgrade", reject).end();
    });
    const body = (await bodyOf(response)).toString("latin1");
    const { statusCode: status = 0, rawHeaders, rawTrailers } = response;
    // One that says nothing means the usual text.
    const reason = response.statusMessage || STATUS_CODES[status] || "";
    return { status, reason, headers: withoutHop(lowerNames(rawHeaders)), body, trailers: withoutHop(lowerNames(rawTrailers)) };
  } catch {
    return undefined;
  }
}

/** By an upstream. */
async function readByUs(url: string): Promise<Read | undefined> {
  const caller = new Caller();
  open(url).send(toJob({ ":method": "GET", ":path": "/" }), caller);
  await caller.ended;
  if (caller.error !== undefined) return undefined;
  const { metadata, body, trailers } = caller;
  const flat = metadata.flat as readonly string[];
  const headers = flat.filter((_text, at) => !flat[at - (at % 2)]?.startsWith(":"));
  const status = Number(caller.status);
  const reason = metadata.get(":reason") ?? STATUS_CODES[status] ?? "";
  return { status, reason, headers, body, trailers: (trailers?.flat ?? []) as string[] };
}

/** A server that answers with the bytes that it is given last, piece by piece. */
async function startAnswering(): Promise<{ url: string; answer: (pieces: Buffer[]) => void }> {
  let pieces: Buffer[] = [];
  const url = await startTcp((socket) => {
    socket.setNoDelay(true);
    const left = [...pieces];
    const next = (): void => {
      const piece = left.shift();
      if (piece === undefined || socket.destroyed) return void socket.end();
      socket.write(piece, () => setImmediate(next));
    };
    next();
  });
  return { url, answer: (those) => (pieces = those) };
}

test("a response is read as Node's own client reads it", async () => {
  const { url, answer } = await startAnswering();
  await fc.assert(
    fc.asyncProperty(anyResponse, fc.infiniteStream(fc.nat()), async ({ bytes }, cuts) => {
      answer(cut(bytes, cuts));
      const [ours, theirs] = await Promise.all([readByUs(url), readByNode(url)]);
      expect(theirs).toBeDefined();
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 100 },
  );
});

test("what is not quite a response is refused, or read as Node's own client reads it", async () => {
  const { url, answer } = await startAnswering();
  await fc.assert(
    fc.asyncProperty(mangledResponse, async (bytes) => {
      answer([bytes]);
      const [ours, theirs] = await Promise.all([readByUs(url), readByNode(url)]);
      if (ours !== undefined) expect(ours).toEqual(theirs);
    }),
    { numRuns: 300 },
  );
});
