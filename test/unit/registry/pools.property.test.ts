import fc from "fast-check";
import { expect, it } from "vitest";
import type { Endpoint } from "../../../src/registry/endpoint.ts";
import { DispatchBench } from "../../support/dispatch-bench.ts";

const targets = ["A.x", "A.y", "B.z"] as const;
const someTargets = fc.subarray([...targets]);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("join" as const), methods: someTargets, capacity: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("offer" as const),
      at: fc.nat(),
      methods: someTargets,
      capacity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), at: fc.nat(), methods: someTargets }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("ready" as const, "draining" as const, "down" as const), at: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("occupy" as const, "release" as const), at: fc.nat() }) },
);

it("every pool lists exactly the workers that serve it, and as available those that are ready with room, in the order of joining", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const bench = new DispatchBench();
      const { registry } = bench;
      const live: Endpoint[] = [];
      for (const one of steps) {
        if (one.kind === "join") {
          live.push(bench.join("w", { methods: one.methods, capacity: one.capacity }).endpoint);
        } else if (live.length > 0) {
          const endpoint = live[one.at % live.length]!;
          if (one.kind === "offer") registry.offer(endpoint, { capacity: one.capacity, methods: one.methods.map((name) => ({ name })) });
          else if (one.kind === "withdraw") registry.withdraw(endpoint, one.methods);
          else if (one.kind === "occupy") {
            if (endpoint.isAvailable) endpoint.occupy();
          } else if (one.kind === "release") {
            if (endpoint.inFlight > 0) endpoint.release(1, true, 0);
          } else if (one.kind === "leave") {
            registry.leave(endpoint);
            live.splice(live.indexOf(endpoint), 1);
          } else endpoint.setState(one.kind);
        }
        for (const target of targets) {
          const members = live.filter((endpoint) => endpoint.methods.has(target));
          const available = members.filter((endpoint) => endpoint.state === "ready" && endpoint.inFlight < endpoint.capacity);
          expect(registry.pool(target)?.members.map(({ sequence }) => sequence) ?? []).toEqual(members.map(({ sequence }) => sequence));
          expect(registry.pool(target)?.available.map(({ sequence }) => sequence) ?? []).toEqual(available.map(({ sequence }) => sequence));
        }
        for (const service of ["A", "B"])
          expect(registry.hasService(service)).toBe(
            live.some((endpoint) => [...endpoint.methods.keys()].some((name) => name.startsWith(`${service}.`))),
          );
        expect(new Set(live.map(({ id }) => id)).size).toBe(live.length);
      }
    }),
  );
});
