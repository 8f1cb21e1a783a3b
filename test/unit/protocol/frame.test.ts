import fc from "fast-check";
import { GateError, Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { readFrame, RecordView } from "../../../src/protocol/frame-reader.ts";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";
import { Flag, headerBytes } from "../../../src/protocol/record.ts";

const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const entry = fc.oneof(
  fc.tuple(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ unit: "binary", maxLength: 40 })),
  fc.tuple(fc.stringMatching(/^[a-z]{1,8}-bin$/), fc.uint8Array({ maxLength: 40 })),
);
const record = fc.record({
  type: uint(8),
  // The metadata flag is the writer's own.
  flags: uint(8).map((flags) => flags & ~Flag.metadata),
  contentType: uint(8),
  accept: uint(8),
  job: uint(32),
  value: uint(32),
  route: uint(32),
  payload: fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    // Around the sizes at which a record gets a frame, and a block, of its own.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(32 * 1024, 64 * 1024, 100_000), fc.integer({ min: -60, max: 60 }))
        .map(([size, by]) => filled(size + by)),
    },
  ),
  metadata: fc.array(entry, { maxLength: 3 }),
});
type Written = typeof record extends fc.Arbitrary<infer One> ? One : never;
type Read = Omit<Written, "payload" | "metadata"> & { payload: Buffer; metadata: (string | Buffer)[] };

function filled(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + size) & 0xff);
}

function write(records: readonly Written[], flushAt: ReadonlySet<number> = new Set()): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
  for (const [at, one] of records.entries()) {
    writer.record(one, one.payload, Metadata.fromFlat(one.metadata.flat()));
    if (flushAt.has(at)) writer.flush();
  }
  writer.flush();
  return frames;
}

function read(frame: Uint8Array): Read[] {
  const seen: Read[] = [];
  readFrame(frame, new RecordView(), ({ type, flags, contentType, accept, job, value, route, payload, metadata }) => {
    const copied = metadata.flat.map((value) => (typeof value === "string" ? value : Buffer.from(value)));
    seen.push({
      type,
      flags: flags & ~Flag.metadata,
      contentType,
      accept,
      job,
      value,
      route,
      payload: Buffer.from(payload),
      metadata: copied,
    });
  });
  return seen;
}

function asRead(one: Written): Read {
  const metadata = one.metadata.flat().map((value) => (typeof value === "string" ? value : Buffer.from(value)));
  return { ...one, payload: Buffer.from(one.payload), metadata };
}

/** Reads a frame that lies between other bytes: nothing of those may be seen, and only whole records or one clear error may come. */
function expectReadable(frame: Uint8Array): void {
  const around = new Uint8Array(frame.length + 128).fill(0xa5);
  around.set(frame, 64);
  const inside = around.subarray(64, 64 + frame.length);
  const within = (bytes: Uint8Array): boolean =>
    bytes.length === 0 ||
    bytes.buffer !== around.buffer ||
    (bytes.byteOffset >= 64 && bytes.byteOffset + bytes.length <= 64 + frame.length);
  try {
    readFrame(inside, new RecordView(), (view) => {
      expect(within(view.payload)).toBe(true);
      for (const value of view.metadata.flat) expect(typeof value === "string" || within(value)).toBe(true);
    });
  } catch (error) {
    expect(GateError.is(error) ? [error.code, error.message.slice(0, 17)] : error).toEqual(["invalid_argument", "malformed frame: "]);
  }
}

describe("a frame", () => {
  it("gives back the records that were written, in order, however they were cut into frames", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.array(uint(4)), (records, cuts) => {
        const frames = write(records, new Set(cuts));
        // Read only now: a block that was written twice would have lost its first records.
        expect(frames.flatMap(read)).toEqual(records.map(asRead));
      }),
      { numRuns: 100 },
    );
  });

  it("shows records of a type that nobody knows yet, for the reader to pass over", () => {
    const known = { type: 4, flags: 0, contentType: 0, accept: 0, job: 1, value: 0, route: 0, payload: filled(3), metadata: [] };
    expect(
      write([known, { ...known, type: 200 }, known])
        .flatMap(read)
        .map(({ type }) => type),
    ).toEqual([4, 200, 4]);
  });

  it("cut short at any byte gives whole records or a clear error, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 3 }), (records) => {
        for (const frame of write(records)) {
          // Every byte of a small frame, and of a large one those near its head and its tail.
          for (let length = 0; length < frame.length; length++) {
            if (length === 700) length = Math.max(length, frame.length - 700);
            expectReadable(frame.subarray(0, length));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it("with flipped bits gives records or a clear error, and nothing else", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), flips, (records, all) => {
        for (const frame of write(records)) {
          const broken = Uint8Array.from(frame);
          // Half of them in the first bytes: a payload may be anything, a header may not.
          for (const [at, bit] of all) broken[at % (bit % 2 === 0 ? broken.length : Math.min(broken.length, 80))]! ^= 1 << bit;
          expectReadable(broken);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of random bytes gives records or a clear error, and nothing else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectReadable), { numRuns: 1000 });
  });

  it("with random bytes for metadata gives records or a clear error, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (metadata) => expectReadable(withMetadata(metadata))),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["of nothing", new Uint8Array(0)],
    ["shorter than a header", new Uint8Array(headerBytes - 1)],
    ["whose record has no length", new Uint8Array(headerBytes)],
    ["whose metadata is longer than its record", withMetadata(new Uint8Array(0), 1)],
    ["whose metadata has no room for its length", withLength(withMetadata(new Uint8Array(0)).subarray(0, headerBytes + 3))],
    ["whose metadata reaches into the next record", reachingOver()],
    ["whose metadata is no list", withMetadata(Uint8Array.of(0x81, 0xa1, 0x61, 0xa1, 0x62))],
    ["whose metadata has a key without a value", withMetadata(Uint8Array.of(0x91, 0xa1, 0x61))],
    ["whose metadata has a number for a key", withMetadata(Uint8Array.of(0x92, 0x01, 0xa1, 0x61))],
    ["whose metadata has a map for a value", withMetadata(Uint8Array.of(0x92, 0xa1, 0x61, 0x80))],
    ["whose metadata claims four billion entries", withMetadata(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))],
    ["whose metadata is nested without end", withMetadata(new Uint8Array(60_000).fill(0x91))],
  ])("%s is malformed", (_title, frame) => {
    expect(() => read(frame)).toThrow("malformed frame: ");
  });
});

/** One record that says it has metadata, and has these bytes for it. */
function withMetadata(bytes: Uint8Array, more = 0): Uint8Array {
  const frame = new Uint8Array(headerBytes + 4 + bytes.length);
  const data = new DataView(frame.buffer);
  data.setUint32(0, frame.length, true);
  data.setUint8(5, Flag.metadata);
  data.setUint32(headerBytes, bytes.length + more, true);
  frame.set(bytes, headerBytes + 4);
  return frame;
}

/** The frame with its own length as the length of its one record. */
function withLength(frame: Uint8Array): Uint8Array {
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, frame.length, true);
  return frame;
}

/** Two records; the metadata of the first is a text that ends with the second. */
function reachingOver(): Uint8Array {
  const list = Uint8Array.of(0x92, 0xa1, 0x61, 0xd9, headerBytes);
  const first = withMetadata(list, headerBytes);
  return Buffer.concat([first, withLength(new Uint8Array(headerBytes))]);
}

describe("the frame writer", () => {
  it.each([33_000, 100_000])("puts a large record of %d bytes into a frame of its own, and keeps the order", (size) => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
    writer.control(1, 0, 1, 0);
    writer.record({ type: 2, job: 2 }, new Uint8Array(size));
    writer.control(3, 0, 3, 0);
    writer.flush();
    expect(frames.map((frame) => read(frame).map(({ job }) => job))).toEqual([[1], [2], [3]]);
  });

  it("refuses a record above the limit, writes nothing of it, and goes on", () => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1000);
    writer.control(1, 0, 1, 0);
    expect(() => writer.record({ type: 1 }, new Uint8Array(1000))).toThrow("larger than the link takes");
    writer.record({ type: 2, job: 2 }, new Uint8Array(1000 - headerBytes));
    writer.flush();
    expect(frames.flatMap(read).map(({ job }) => job)).toEqual([1, 2]);
  });

  it("never writes into a frame that it has given away", () => {
    const frames: { frame: Uint8Array; copy: Uint8Array }[] = [];
    const writer = new FrameWriter((frame) => frames.push({ frame, copy: Uint8Array.from(frame) }), 1 << 20);
    for (let at = 0; at < 3000; at++) {
      writer.record({ type: 4, job: at }, filled((at * 97) % 600));
      if (at % 7 === 0) writer.flush();
      if (at % 500 === 0) writer.record({ type: 4, job: at }, filled(40_000));
    }
    writer.flush();
    expect(frames.every(({ frame, copy }) => Buffer.compare(frame, copy) === 0)).toBe(true);
  });

  it("does not hold on to the payload: the caller may write into it again at once", () => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
    const payload = filled(50);
    writer.record({ type: 4 }, payload);
    payload.fill(0);
    writer.flush();
    expect(frames.flatMap(read)[0]?.payload).toEqual(Buffer.from(filled(50)));
  });

  it("emits nothing when nothing was written", () => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
    writer.flush();
    writer.control(1, 0, 1, 0);
    expect(writer.pending).toBe(headerBytes);
    writer.flush();
    writer.flush();
    expect([frames.length, writer.pending]).toEqual([1, 0]);
  });
});
