import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../../../transports/grpc/h2/frame-reader.ts";
import { ConnectionFault } from "../../../../transports/grpc/h2/protocol.ts";
import { frameBytes } from "./frame-bytes.ts";

interface Written {
  type: number;
  flags: number;
  streamId: number;
  payload: Uint8Array;
}

const frame = fc.record({
  type: fc.constantFrom(0, 0, 0, 1, 3, 4, 6, 7, 8, 9, 77),
  flags: fc.constantFrom(0, 1, 4, 8, 9),
  streamId: fc.integer({ min: 0, max: 9 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function toBytes({ type, flags, streamId, payload }: Written): Buffer {
  return frameBytes(type, flags, streamId, payload);
}

/** What a reader has told, DATA put together: independent of how its bytes came. */
function read(pieces: readonly Buffer[]): { told: string[]; fault: number | undefined; counted: number } {
  const told: string[] = [];
  let body: Buffer[] = [];
  let counted = 0;
  const reader = new FrameReader({
    frame: (type, flags, streamId, payload) => void told.push([type, flags, streamId, payload.toString("hex")].join(" ")),
    data(streamId, bytes, isLast, endsStream, extra) {
      body.push(Buffer.from(bytes));
      counted += bytes.length + extra;
      if (!isLast) return;
      told.push(["DATA", streamId, endsStream, Buffer.concat(body).toString("hex")].join(" "));
      body = [];
    },
  });
  try {
    for (const piece of pieces) reader.push(piece);
  } catch (error) {
    if (!(error instanceof ConnectionFault)) throw error;
    return { told, fault: error.code, counted };
  }
  return { told, fault: undefined, counted };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, nth) => bytes.subarray(places[nth], end));
}

describe("frames", () => {
  it("are the same however their bytes are cut, and flow control counts every byte of DATA", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const bytes = Buffer.concat(frames.map(toBytes));
        const whole = read([bytes]);
        expect(read(cut(bytes, places))).toEqual(whole);
        expect(read([...bytes].map((one) => Buffer.of(one)))).toEqual(whole);
        if (whole.fault !== undefined) return;
        expect(whole.told.length).toBe(frames.length);
        expect(whole.counted).toBe(frames.reduce((sum, { type, payload }) => sum + (type === 0 ? payload.length : 0), 0));
      }),
      { numRuns: 500 },
    );
  });

  it("of garbage are read or refused, and a reader holds no more than one of them", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 10 }), (pieces) => {
        read(pieces.map((piece) => Buffer.from(piece)));
      }),
      { numRuns: 1000 },
    );
    expect(read([Buffer.of(0, 0x40, 1, 1, 4, 0, 0, 0, 1)]).fault).toBe(6);
  });
});
