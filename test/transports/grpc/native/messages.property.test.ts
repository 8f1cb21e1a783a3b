import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { codes, GateError } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { frameMessage } from "../../../../transports/grpc/messages/frame-message.ts";
import { MessageReader } from "../../../../transports/grpc/messages/message-reader.ts";
import { decodeMessage, encodeMessage, errorOfTrailers, statusTrailers } from "../../../../transports/grpc/messages/status-trailers.ts";
import { fromFrameMessage, toFrameMessage } from "../../../../transports/grpc/native/link-frame.ts";

const messages = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), gzip: fc.boolean() }), { maxLength: 12 });
const reader = (maxBytes = 10_000, encoding = "gzip"): MessageReader => new MessageReader({ maxBytes, encoding });

/** Cuts bytes at any places. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("messages on a stream", () => {
  it("come out as they went in, wherever the stream is cut and whenever their reader has no room", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat()), fc.array(fc.boolean(), { minLength: 1 }), (all, cuts, rooms) => {
        const bytes = Buffer.concat(all.map(({ bytes, gzip }) => frameMessage(bytes, gzip)));
        const seen: number[][] = [];
        const read = reader();
        for (let piece of pieces(bytes, cuts)) {
          while (piece.length > 0) {
            const before = seen.length;
            const used = read.push(piece, (message) => {
              seen.push([...message]);
              return rooms[seen.length % rooms.length] as boolean;
            });
            expect(used > 0 || seen.length > before).toBe(true);
            piece = piece.subarray(used);
          }
        }
        read.end();
        expect(seen).toEqual(all.map(({ bytes }) => [...bytes]));
      }),
    );
  });

  it("that end too early are an error, wherever the end is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat(), (bytes, cut) => {
        const framed = frameMessage(bytes);
        const end = 1 + (cut % (framed.length - 1));
        const read = reader();
        read.push(framed.subarray(0, end), () => true);
        expect(() => read.end()).toThrow(GateError);
      }),
    );
  });

  it("that are no messages never end in anything but a GateError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.array(fc.nat()), (bytes, cuts) => {
        const read = reader(1000);
        try {
          for (const piece of pieces(bytes, cuts)) read.push(piece, () => true);
          read.end();
        } catch (error) {
          expect(GateError.is(error)).toBe(true);
        }
      }),
    );
  });

  it("tell a malformed prefix, a message beyond the limit, an unknown compression and a bomb apart", () => {
    const push = (bytes: Uint8Array, encoding = "gzip"): unknown => reader(100, encoding).push(bytes, () => true);
    expect(() => push(Buffer.from([7, 0, 0, 0, 0]))).toThrow(expect.objectContaining({ code: "internal" }));
    expect(() => push(Buffer.from([0, 0, 0, 0, 101]))).toThrow(expect.objectContaining({ code: "resource_exhausted" }));
    expect(() => push(frameMessage(Buffer.from("x"), true), "br")).toThrow(expect.objectContaining({ code: "unimplemented" }));
    expect(() => push(frameMessage(Buffer.from("x"), true), "identity")).toThrow(expect.objectContaining({ code: "internal" }));
    const bomb = gzipSync(Buffer.alloc(50_000));
    const framed = Buffer.concat([Buffer.from([1, 0, 0, 0, bomb.length]), bomb]);
    expect(() => push(framed)).toThrow(expect.objectContaining({ code: "resource_exhausted" }));
  });
});

describe("a status", () => {
  it("has a message of any characters, in printable ASCII on the wire", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const encoded = encodeMessage(text);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMessage(encoded)).toBe(text.toWellFormed());
      }),
    );
  });

  it("crosses the wire with code, message and details", () => {
    for (const code of codes) {
      const error = errorOfTrailers(statusTrailers(new GateError(code, "why", { details: { n: 1, list: ["a"] } })) as never);
      expect(error).toMatchObject({ code, message: "why", details: { n: 1, list: ["a"] } });
    }
    expect(errorOfTrailers(statusTrailers() as never)).toBeUndefined();
    expect(errorOfTrailers({})).toMatchObject({ code: "unknown" });
  });

  it("stays small enough for a header list, however long its message is", () => {
    expect(
      JSON.stringify(statusTrailers(new GateError("internal", "ü".repeat(100_000), { details: { big: "x".repeat(100_000) } }))).length,
    ).toBeLessThan(6000);
  });
});

it("a frame of the link is a gate.v1.Frame", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      const framed = toFrameMessage(bytes);
      expect(framed.readUInt32BE(1)).toBe(framed.length - 5);
      expect(Buffer.from(fromFrameMessage(framed.subarray(5))).equals(bytes)).toBe(true);
    }),
  );
});
