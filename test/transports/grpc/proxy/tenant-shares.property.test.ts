import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TenantShares } from "../../../../transports/grpc/proxy/tenant-shares.ts";

const tenants = ["gold", "silver", "nobody"];
const event = fc.record({ isCall: fc.boolean(), at: fc.nat(2) });
const shares = fc.tuple(fc.nat(6), fc.nat(4)).map(([gold, silver]) => ({ gold: gold / 10, silver: silver / 10 }));

describe("places shared by tenants", () => {
  it("are never more than there are, and every tenant finds its own part free", () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 20 }), fc.array(event, { maxLength: 100, size: "max" }), (given, places, events) => {
        const room = new TenantShares(given, () => places);
        for (const { isCall, at } of events) {
          const tenant = tenants[at] as string;
          const before = room.taken.get(tenant) ?? 0;
          const total = [...room.taken.values()].reduce((sum, one) => sum + one, 0);
          if (!isCall) {
            if (before > 0) room.release(tenant);
            continue;
          }
          const isIn = room.take(tenant);
          if (before < room.reserved(tenant)) expect(isIn).toBe(true);
          expect(room.taken.get(tenant) ?? 0).toBe(isIn ? before + 1 : before);
          // What is refused is refused for a reason: every free place is kept for another tenant.
          const kept = tenants.reduce((sum, one) => sum + Math.max(0, room.reserved(one) - (room.taken.get(one) ?? 0)), 0);
          if (!isIn) expect(total + kept).toBeGreaterThanOrEqual(places);
          expect(total + (isIn ? 1 : 0)).toBeLessThanOrEqual(places);
        }
      }),
      { numRuns: 500 },
    );
  });
});
