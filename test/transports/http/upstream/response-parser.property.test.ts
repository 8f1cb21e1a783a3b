import fc from "fast-check";
import { expect, test } from "vitest";
import type { ResponseHead } from "../../../../transports/http/upstream/response-head.ts";
import { ResponseParser } from "../../../../transports/http/upstream/response-parser.ts";
import { anyResponse, cut, mangledResponse } from "./any-response.ts";

/** What a parser makes of bytes that come in these pieces, the connection ending after them. */
function read(pieces: Buffer[], method = "GET"): unknown {
  const parser = new ResponseParser();
  const body: Buffer[] = [];
  let rest = Buffer.alloc(0);
  parser.begin(method);
  for (const piece of pieces) {
    if (parser.isDone || parser.fault !== undefined) {
      rest = Buffer.concat([rest, piece]);
      continue;
    }
    // Its reader uses one buffer over and over.
    const read = Buffer.from(piece);
    parser.take(read);
    rest = Buffer.from(piece.subarray(parser.taken));
    read.fill("!");
    if (parser.body !== undefined) body.push(parser.body);
  }
  if (parser.fault !== undefined) return { fault: parser.fault };
  return {
    head: parser.head,
    body: Buffer.concat(body).toString("latin1"),
    trailers: parser.trailers,
    isWhole: parser.finish(),
    rest: rest.toString("latin1"),
  };
}

test("a response is read the same however it is cut, and what follows it is left alone", () => {
  fc.assert(
    fc.property(
      anyResponse,
      fc.infiniteStream(fc.nat()),
      fc.constantFrom("", "HTTP/1.1 200 OK\r\n\r\n", "rubbish"),
      ({ bytes, response }, cuts, after) => {
        const { status, headers, body, trailers, framing } = response;
        const all = Buffer.concat([bytes, Buffer.from(framing === "until-close" ? "" : after)]);
        const seen = read(cut(all, cuts));
        expect(seen).toEqual(read([all]));
        expect(seen).toMatchObject({
          head: { status, flat: expect.arrayContaining(headers.flatMap(([name, value]) => [name.toLowerCase(), value])) as unknown },
          body: body.toString("latin1"),
          trailers: trailers.length === 0 ? undefined : trailers.flatMap(([name, value]) => [name.toLowerCase(), value]),
          isWhole: true,
          rest: framing === "until-close" ? "" : after,
        });
      },
    ),
    { numRuns: 300 },
  );
});

test("a head that comes again is read as it was the first time, whatever stands between", () => {
  const some = anyResponse.filter(({ response: { framing } }) => framing !== "until-close");
  fc.assert(
    fc.property(some, some, fc.infiniteStream(fc.boolean()), ({ bytes: first }, { bytes: second }, turns) => {
      const parser = new ResponseParser();
      for (let turn = 0; turn < 8; turn++) {
        const bytes = turns.next().value === true ? first : second;
        parser.begin("GET");
        parser.take(Buffer.from(bytes));
        const { head, body, trailers, isDone, taken } = parser;
        const { metadata: _metadata, ...fields } = head as ResponseHead;
        expect({ head: fields, body: body?.toString("latin1") ?? "", trailers, isDone, taken }).toEqual(whole(bytes));
      }
    }),
  );
});

function whole(bytes: Buffer): unknown {
  const parser = new ResponseParser();
  parser.begin("GET");
  parser.take(Buffer.from(bytes));
  const { metadata: _metadata, ...fields } = parser.head as ResponseHead;
  return { head: fields, body: parser.body?.toString("latin1") ?? "", trailers: parser.trailers, isDone: true, taken: bytes.length };
}

test("the head of an answer to HEAD is all of it, whatever it says of a body", () => {
  fc.assert(
    fc.property(anyResponse, ({ bytes, response: { framing } }) => {
      const end = bytes.indexOf("\r\n\r\n") + 4;
      expect(read([bytes], "HEAD")).toMatchObject({ body: "", isWhole: true, rest: bytes.subarray(end).toString("latin1") });
      expect(framing).toBeDefined();
    }),
  );
});

test("a response that breaks off is never taken for a whole one", () => {
  fc.assert(
    fc.property(anyResponse, fc.nat(), ({ bytes, response: { framing } }, at) => {
      const half = bytes.subarray(0, at % bytes.length);
      const seen = read([half]) as { head: unknown; isWhole: boolean };
      expect(seen.isWhole).toBe(framing === "until-close" && seen.head !== undefined);
    }),
    { numRuns: 300 },
  );
});

test("bytes that are not HTTP are a fault or go on for ever, the same however they are cut; nothing is thrown", () => {
  const piece = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
    fc.constantFrom(
      "HTTP/1.1 200 OK",
      "\r\n",
      "\r\n\r\n",
      "\n",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      ":",
      " ",
      "5\r\nhello\r\n",
      "0\r\n\r\n",
      "ffffffffffff",
    ),
  );
  const soup = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(""), "latin1"));
  fc.assert(
    fc.property(fc.oneof(soup, mangledResponse), fc.infiniteStream(fc.nat()), (bytes, cuts) => {
      expect(read(cut(bytes, cuts))).toEqual(read([bytes]));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["another protocol", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["another version of HTTP", "HTTP/2.0 200 OK\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
  ["a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"],
  ["a length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na"],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["another coding than chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["chunks twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a name with a space behind", "HTTP/1.1 200 OK\r\nX-A : 1\r\n\r\n"],
  ["a header of two lines", "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\n\r\n"],
  ["a line that ends with LF alone", "HTTP/1.1 200 OK\r\nX-A: 1\nX-B: 2\r\n\r\n"],
  ["a zero byte in a header", "HTTP/1.1 200 OK\r\nX-A: \0\r\n\r\n"],
  ["a head without end", `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(17_000)}`],
  ["a chunk of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"],
  ["a chunk of a size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk of a size that no number holds", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n"],
  ["a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n"],
  ["chunks with endless extensions", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"a".repeat(17_000)}`],
  ["trailers without end", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ${"a".repeat(17_000)}`],
])("%s is a fault", (_what, text) => {
  expect(read([Buffer.from(text, "latin1")])).toEqual({ fault: expect.any(String) as unknown });
});

test("hints before the response are passed over", () => {
  const hints = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  expect(read([Buffer.from(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na`)])).toMatchObject({
    head: { status: 200 },
    body: "a",
    isWhole: true,
  });
});

test.each([
  ["HTTP/1.1 200 OK", true],
  ["HTTP/1.1 200 OK\r\nConnection: close", false],
  ["HTTP/1.1 200 OK\r\nConnection: Keep-Alive", true],
  ["HTTP/1.0 200 OK", false],
  ["HTTP/1.0 200 OK\r\nConnection: keep-alive", true],
])("after %s the connection can be used again: %s", (head, keepsAlive) => {
  expect(read([Buffer.from(`${head}\r\nContent-Length: 0\r\n\r\n`)])).toMatchObject({ head: { keepsAlive } });
});
