import fc from "fast-check";

/** A response as a server means it. */
export interface AnyResponse {
  status: number;
  /** Those that are not the hop's, nor frame the message. */
  headers: [name: string, value: string][];
  body: Buffer;
  trailers: [name: string, value: string][];
  framing: "length" | "chunked" | "until-close";
}

const letters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const name = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 12 }).map((text) => `x-${text}`);
const visible = fc
  .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
  .map((code) => String.fromCharCode(code));
const inValue = fc.oneof({ arbitrary: visible, weight: 6 }, { arbitrary: fc.constantFrom(" ", "\t"), weight: 1 });
const value = fc.string({ unit: inValue, maxLength: 20 }).map((text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, ""));
const headers = fc.array(fc.tuple(name, value), { maxLength: 6 });
const blank = fc.constantFrom("", " ", "  ", "\t");

/** Any response that is HTTP/1.1, and its bytes. */
export const anyResponse: fc.Arbitrary<{ response: AnyResponse; bytes: Buffer; hasExtension: boolean }> = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    headers,
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    trailers: headers,
    framing: fc.constantFrom<AnyResponse["framing"][]>("length", "chunked", "until-close"),
    before: blank,
    after: blank,
    reason: fc.constantFrom("", " ", " OK", " I'm a teapot \xe9"),
    chunks: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 5 }),
    extension: fc.constantFrom("", ";a", ";a=b;c", ';a="b c"'),
  })
  .map(({ before, after, reason, chunks, extension, trailers: some, ...rest }) => {
    const trailers = rest.framing === "chunked" ? some : [];
    const response = { ...rest, trailers };
    const line = ([key, text]: [string, string]): string => `${key}:${before}${text}${after}\r\n`;
    const framed = { length: `Content-Length: ${rest.body.length}\r\n`, chunked: "Transfer-Encoding: Chunked\r\n", "until-close": "" }[
      rest.framing
    ];
    const head = `HTTP/1.1 ${rest.status}${reason}\r\n${rest.headers.map(line).join("")}${framed}\r\n`;
    const end = `0${extension}\r\n${trailers.map(line).join("")}\r\n`;
    const body = rest.framing === "chunked" ? [...inChunks(rest.body, chunks, extension), Buffer.from(end, "latin1")] : [rest.body];
    return { response, hasExtension: extension !== "", bytes: Buffer.concat([Buffer.from(head, "latin1"), ...body]) };
  });

function inChunks(body: Buffer, sizes: number[], extension: string): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const piece = body.subarray(at, at + (sizes[turn % sizes.length] as number));
    pieces.push(
      Buffer.from(`${turn % 2 === 0 ? piece.length.toString(16) : piece.length.toString(16).toUpperCase()}${extension}\r\n`),
      piece,
      Buffer.from("\r\n"),
    );
    at += piece.length;
  }
  return pieces;
}

/** The bytes of a response with one of them changed. What chunks say of themselves is left out: we read over it, others look closer. */
export const mangledResponse: fc.Arbitrary<Buffer> = fc
  .tuple(
    anyResponse.filter(({ hasExtension }) => !hasExtension),
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
  )
  .map(([{ bytes }, at, byte]) =>
    Buffer.concat([bytes.subarray(0, at % bytes.length), Buffer.from([byte]), bytes.subarray((at % bytes.length) + 1)]),
  );

/** Cuts bytes into pieces of 1 to 40 each. */
export function cut(bytes: Buffer, cuts: fc.Stream<number>): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + ((cuts.next().value as number) % 40);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
