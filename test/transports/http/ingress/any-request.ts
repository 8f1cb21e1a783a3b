import fc from "fast-check";

const letters = "!#$%&'*+-.^_`|~09azAZ";
const name = fc.oneof(
  fc.constantFrom("accept", "Cookie", "X-A", "via", "content-type", "connection", "transfer-encoding", "expect"),
  fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 8 }).map((text) => `x-${text}`),
);
const visible = fc
  .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
  .map((code) => String.fromCharCode(code));
const value = fc.oneof(
  { arbitrary: fc.string({ unit: visible, maxLength: 12 }), weight: 6 },
  { arbitrary: fc.constantFrom("close", "keep-alive", "chunked", "a b", "a\tb"), weight: 1 },
);
const blank = fc.constantFrom("", " ", "  ", "\t");
const path = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 12 });

/** A request that is meant well. */
const goodRequest = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "REPORT"),
    path,
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.1", "1.1", "1.0"),
    headers: fc.array(fc.tuple(name, value), { maxLength: 4 }),
    body: fc.option(fc.uint8Array({ maxLength: 60 }), { nil: undefined }),
    before: blank,
    after: blank,
  })
  .map(({ method, path: rest, version, headers, body, before, after }) => {
    const framing: [string, string][] = body === undefined ? [] : [["Content-Length", String(body.length)]];
    const lines = [["Host", "a"] as const, ...headers, ...framing].map(([key, text]) => `${key}:${before}${text}${after}\r\n`);
    const head = `${method} /${rest} HTTP/${version}\r\n${lines.join("")}\r\n`;
    return Buffer.concat([Buffer.from(head, "latin1"), body ?? new Uint8Array()]);
  });

/** The same with one byte changed, left out or added. */
const mangledRequest = fc
  .tuple(goodRequest, fc.nat(), fc.oneof(fc.constantFrom(0, 9, 10, 13, 32, 58), fc.integer({ min: 0, max: 255 })), fc.nat(2))
  .map(([bytes, seed, byte, how]) => {
    const at = seed % bytes.length;
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(how === 0 ? [] : [byte]), bytes.subarray(how === 2 ? at : at + 1)]);
  });

/** Bytes that are a request, or nearly one. */
export const anyRequest: fc.Arbitrary<Buffer> = fc.oneof({ arbitrary: goodRequest, weight: 2 }, { arbitrary: mangledRequest, weight: 1 });
