import fc from "fast-check";
import { GateError, Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { readFrame, RecordView } from "../../../src/protocol/frame-reader.ts";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";

const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const key = fc.stringMatching(/^[a-z-]{1,12}$/);
const record = fc.record({
  type: uint(8),
  // The metadata flag is the writer's own.
  flags: uint(8).map((flags) => flags & ~1),
  contentType: uint(8),
  accept: uint(8),
  job: uint(32),
  value: uint(32),
  route: uint(32),
  payload: fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: uint(17).map((size) => new Uint8Array(size).fill(size)) },
  ),
  metadata: fc.array(fc.tuple(key, fc.string()), { maxLength: 3 }),
});
type Plain = {
  type: number;
  flags: number;
  contentType: number;
  accept: number;
  job: number;
  value: number;
  route: number;
  payload: number[];
  metadata: string[];
};

function write(records: (typeof record extends fc.Arbitrary<infer R> ? R : never)[], flushAt: Set<number>): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
  for (const [at, one] of records.entries()) {
    writer.record(one, one.payload, Metadata.fromFlat(one.metadata.flat()));
    if (flushAt.has(at)) writer.flush();
  }
  writer.flush();
  return frames;
}

function read(frame: Uint8Array): Plain[] {
  const seen: Plain[] = [];
  readFrame(frame, new RecordView(), (view) => {
    const { type, flags, contentType, accept, job, value, route } = view;
    seen.push({
      type,
      flags: flags & ~1,
      contentType,
      accept,
      job,
      value,
      route,
      payload: [...view.payload],
      metadata: [...view.metadata.flat].map(String),
    });
  });
  return seen;
}

describe("a frame", () => {
  it("gives back the records that were written, in order, however they were cut into frames", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.array(uint(4)), (records, cuts) => {
        const frames = write(records, new Set(cuts));
        const expected = records.map((one) => ({ ...one, payload: [...one.payload], metadata: one.metadata.flat() }));
        // Read only now: a block that were written twice would have lost its first records.
        expect(frames.flatMap(read)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("cut short anywhere gives whole records or a clear error, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), fc.nat(), (records, at) => {
        for (const frame of write(records, new Set())) expectReadable(frame.subarray(0, at % frame.length));
      }),
    );
  });

  it("with flipped bits gives records or a clear error, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 8 }),
        (records, flips) => {
          for (const frame of write(records, new Set())) {
            const broken = Uint8Array.from(frame);
            for (const [at, bit] of flips) broken[at % broken.length]! ^= 1 << bit;
            expectReadable(broken);
          }
        },
      ),
    );
  });

  it("of random bytes gives records or a clear error, and nothing else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectReadable), { numRuns: 1000 });
  });

  it("of nothing is malformed", () => {
    expect(() => read(new Uint8Array(0))).toThrow("malformed frame");
  });
});

describe("the frame writer", () => {
  it("puts a large record into a frame of its own, and keeps the order", () => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1 << 20);
    writer.control(1, 0, 1, 0);
    writer.record({ type: 2, job: 2 }, new Uint8Array(100_000));
    writer.control(3, 0, 3, 0);
    writer.flush();
    expect(frames.map((frame) => read(frame).map(({ job }) => job))).toEqual([[1], [2], [3]]);
  });

  it("refuses a record above the limit and writes nothing of it", () => {
    const frames: Uint8Array[] = [];
    const writer = new FrameWriter((frame) => frames.push(frame), 1000);
    expect(() => writer.record({ type: 1 }, new Uint8Array(1000))).toThrow("larger than the link takes");
    writer.flush();
    expect(frames).toEqual([]);
  });
});

function expectReadable(frame: Uint8Array): void {
  try {
    for (const one of read(frame)) expect(one.payload.length).toBeLessThanOrEqual(frame.length);
  } catch (error) {
    expect(GateError.is(error)).toBe(true);
    expect((error as GateError).code).toBe("invalid_argument");
    expect((error as GateError).message).toMatch(/^malformed frame: /);
  }
}
