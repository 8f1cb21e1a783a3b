import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallRoom, type RoomLimits, type RoomMember } from "../../../../transports/grpc/proxy/call-room.ts";

interface Place extends RoomMember {
  endpoint: { capacity: number; inFlight: number; state: "ready" | "down"; refresh(): void };
}

interface Event {
  kind: "call" | "end" | "toggle" | "trial";
  at: number;
}
const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom("call", "call", "call", "end", "end", "toggle", "trial"),
  at: fc.nat(100),
});

function place(): Place {
  return { endpoint: { capacity: 0, inFlight: 0, state: "ready", refresh() {} }, trial: Infinity };
}

function isAvailable({ endpoint }: Place): boolean {
  return endpoint.state === "ready" && endpoint.inFlight < endpoint.capacity;
}

/** Does `one`, as the gate would: a call begins only where there is a place. */
function happen(room: CallRoom, places: readonly Place[], one: Event): void {
  const chosen = places[one.at % places.length] as Place;
  const { endpoint } = chosen;
  if (one.kind === "call" && isAvailable(chosen)) {
    endpoint.inFlight++;
    room.called(chosen);
  } else if (one.kind === "end" && endpoint.inFlight > 0) {
    endpoint.inFlight--;
    room.called(chosen);
  } else if (one.kind === "toggle") {
    endpoint.state = endpoint.state === "ready" ? "down" : "ready";
    room.changed();
  } else if (one.kind === "trial") {
    chosen.trial = chosen.trial === Infinity ? 1 : Infinity;
    room.changed();
  }
}

/** Every server that could take a call under the limits as told to a reader. */
function expected({ size, limit }: RoomLimits, places: readonly Place[]): boolean[] {
  const regular = places.map(({ endpoint, trial }) => endpoint.state === "ready" && endpoint.inFlight < Math.min(size, trial));
  if (regular.includes(true)) return regular;
  return places.map(({ endpoint, trial }) => endpoint.state === "ready" && endpoint.inFlight < Math.min(limit, trial));
}

describe("the room of a group of servers", () => {
  it("is size each, and beyond it up to the limit only while every server is full", () => {
    const limits = fc.record({ size: fc.integer({ min: 1, max: 3 }), factor: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 3 }), fc.array(event, { maxLength: 100, size: "max" }), (given, count, events) => {
        const bounds = { size: given.size, limit: given.size * given.factor };
        const room = new CallRoom(bounds);
        const places = Array.from({ length: count }, place);
        for (const one of places) room.add(one);
        for (const one of events) {
          happen(room, places, one);
          expect(places.map(isAvailable)).toEqual(expected(bounds, places));
        }
      }),
      { numRuns: 500 },
    );
  });
});
