import fc from "fast-check";
import { expect, test } from "vitest";
import { greeting, message, messageHeader, ready, ZmtpReader } from "../../../transports/zmq/zmtp.ts";

/** What a reader made of the bytes. */
function read(pieces: readonly Uint8Array[], maxMessageBytes = 1e9): { types: string[]; messages: string[]; pings: number } {
  const seen = { types: [] as string[], messages: [] as string[], pings: 0 };
  const reader = new ZmtpReader(maxMessageBytes, {
    ready: (type) => void seen.types.push(type),
    message: (body) => void seen.messages.push(Buffer.from(body).toString("hex")),
    ping: () => void seen.pings++,
  });
  for (const piece of pieces) reader.read(piece);
  return seen;
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const marks = [0, ...at.map((mark) => mark % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return marks.slice(1).map((end, index) => bytes.subarray(marks[index], end));
}

test("whatever the pieces a stream comes in, its messages are the same", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.nat()), (messages, marks) => {
      const stream = Buffer.concat([greeting(), ready("DEALER"), ...messages.map(message)]);
      const seen = read(cut(stream, marks));
      expect(seen).toEqual({ types: ["DEALER"], messages: messages.map((body) => Buffer.from(body).toString("hex")), pings: 0 });
    }),
  );
});

test("a header and its body, sent apart, are the message in one buffer", () => {
  for (const length of [0, 1, 255, 256, 70_000]) {
    const body = Buffer.alloc(length, 7);
    expect(Buffer.concat([messageHeader(length), body])).toEqual(message(body));
  }
});

test("random bytes end in an error or wait for more, and never in anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      try {
        expect(read([greeting(), ready("DEALER"), noise]).types).toEqual(["DEALER"]);
      } catch (error) {
        expect(error).toMatchObject({ name: "GateError" });
      }
    }),
  );
});

test.each([
  ["something else", Buffer.from("GET / HTTP/1.1\r\n\r\n"), /no ZMTP greeting/],
  ["a greeting of version 2", Buffer.from(greeting()).fill(2, 10, 11), /older than 3/],
  ["another mechanism", Buffer.from(greeting()).fill("PLAIN", 12, 17), /only NULL is spoken/],
  ["a message before READY", Buffer.concat([greeting(), message(Buffer.of(1))]), /before READY/],
  ["a message of several parts", Buffer.concat([greeting(), ready("DEALER"), Buffer.of(1, 0)]), /several parts/],
])("%s is refused by name", (_, bytes, reason) => {
  expect(() => read([bytes])).toThrow(reason);
});

test("a message over the limit is refused before its body arrives", () => {
  expect(() => read([Buffer.concat([greeting(), ready("DEALER"), messageHeader(1001)])], 1000)).toThrow(/1001 bytes; 1000 are the limit/);
});
