import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { HeaderDecoder } from "../../../../transports/grpc/h2/header-decoder.ts";
import { HeaderEncoder } from "../../../../transports/grpc/h2/header-encoder.ts";
import { HeaderFields } from "../../../../transports/grpc/h2/header-fields.ts";
import { ConnectionFault } from "../../../../transports/grpc/h2/protocol.ts";

const maxListBytes = 64 * 1024;
const name = fc.oneof(
  fc.constantFrom(":path", ":authority", "content-type", "user-agent", "x-a", "x-b", "authorization", "grpc-status"),
  fc.stringMatching(/^[a-z0-9-]{1,20}$/),
);
const value = fc.oneof(
  fc.constantFrom("", "0", "application/grpc", "/a.B/C"),
  fc.stringMatching(/^[\x21-\x7e]{0,80}$/),
  fc.stringMatching(/^x{200,700}$/),
);
const block = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => new HeaderFields(pairs.flat()));

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
}

describe("a header block", () => {
  // RFC 7541, appendix C: each list is one connection.
  it.each([
    [
      "C.3 requests, plain",
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
    ],
    [
      "C.4 requests, packed",
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"],
    ],
  ])("reads the examples of the RFC: %s", (_, blocks) => {
    const decoder = new HeaderDecoder(maxListBytes);
    const start = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
    expect(blocks.map((one) => decoder.decode(bytes(one)).flat)).toEqual([
      start,
      [...start, "cache-control", "no-cache"],
      [":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com", "custom-key", "custom-value"],
    ]);
  });

  it("reads the RFC's example of what pads a code and of a table that is made smaller", () => {
    const decoder = new HeaderDecoder(maxListBytes);
    const date = "Mon, 21 Oct 2013 20:13:21 GMT";
    const first =
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
    const fields = [":status", "302", "cache-control", "private", "date", date, "location", "https://www.example.com"];
    // A table of 256 bytes holds these four; the next status pushes the first out.
    expect(decoder.decode(Buffer.concat([bytes("3fe101"), bytes(first)])).flat).toEqual(fields);
    expect(decoder.decode(bytes("4883640effc1c0bf")).flat).toEqual([":status", "307", ...fields.slice(2)]);
  });

  it("comes out as it went in, whatever went before it on its connection and however small the table is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(block, fc.option(fc.constantFrom(0, 40, 100, 4096, 1_000_000)), fc.boolean()), { maxLength: 30 }),
        (steps) => {
          const encoder = new HeaderEncoder();
          const decoder = new HeaderDecoder(maxListBytes);
          for (const [fields, limit, isTimed] of steps) {
            if (limit !== null) encoder.setTableLimit(limit);
            for (let again = 0; again < 3; again++) {
              const sent = isTimed ? encoder.encode(fields, "grpc-timeout", `${again}m`) : encoder.encode(fields);
              expect(decoder.decode(Buffer.from(sent)).flat).toEqual(isTimed ? [...fields.flat, "grpc-timeout", `${again}m`] : fields.flat);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("that repeats is small, and is the same object on every connection", () => {
    const fields = new HeaderFields([
      ":method",
      "POST",
      ":path",
      "/some.long.Service/AndItsMethod",
      "content-type",
      "application/grpc",
      "x-id",
      "7",
    ]);
    const [one, other] = [1, 2].map(() => {
      const encoder = new HeaderEncoder();
      const decoder = new HeaderDecoder(maxListBytes);
      let block = Buffer.alloc(0);
      for (let call = 0; call < 4; call++) block = Buffer.from(encoder.encode(fields));
      expect(block.length).toBe(fields.flat.length / 2);
      const again = new HeaderEncoder();
      for (let call = 0; call < 4; call++) decoder.decode(Buffer.from(again.encode(fields)));
      return decoder.decode(block);
    });
    expect(one).toBe(other);
  });

  it("never puts a secret where other calls could find it", () => {
    const encoder = new HeaderEncoder();
    const fields = new HeaderFields(["authorization", "Bearer s3cret"]);
    for (let call = 0; call < 5; call++) expect(encoder.encode(fields).includes("s3cret")).toBe(true);
  });

  it("of garbage is read or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (blocks) => {
        const decoder = new HeaderDecoder(maxListBytes);
        for (const one of blocks) {
          try {
            decoder.decode(Buffer.from(one));
          } catch (error) {
            expect(error).toBeInstanceOf(ConnectionFault);
            return;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("that unfolds to more than is taken is marked, and what follows is still understood", () => {
    const decoder = new HeaderDecoder(maxListBytes);
    const large = Buffer.concat([bytes("4001617fa11e"), Buffer.alloc(4000, "x")]);
    expect(decoder.decode(large).isTooLarge).toBe(false);
    const bomb = decoder.decode(Buffer.alloc(100_000, 0xbe));
    expect(bomb.isTooLarge).toBe(true);
    expect(bomb.flat.length).toBeLessThan(40);
    expect(decoder.decode(Buffer.of(0xbe)).flat[0]).toBe("a");
  });
});
