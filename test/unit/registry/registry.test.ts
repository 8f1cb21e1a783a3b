import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

describe("the registry", () => {
  it("takes in fifty workers that join in the same turn, and loses none", () => {
    const bench = new DispatchBench();
    for (let at = 0; at < 50; at++) bench.join(`w${at}`);
    expect(bench.registry.endpoints.size).toBe(50);
    expect(bench.registry.pool("S.m")?.available).toHaveLength(50);
  });

  it("keeps two live workers of the same name apart", () => {
    const bench = new DispatchBench();
    const ids = [bench.join("w"), bench.join("w"), bench.join("w")].map(({ endpoint }) => endpoint.id);
    expect(ids).toEqual(["w", "w~2", "w~3"]);
  });

  it("gives a name to the next worker once its owner has left, and takes it from nobody who lives", () => {
    const bench = new DispatchBench();
    const [first, second] = [bench.join("w"), bench.join("w")];
    bench.leave(first);
    expect(second.endpoint.id).toBe("w~2");
    expect(bench.join("w").endpoint.id).toBe("w");
    expect(bench.registry.endpoints.get("w~2")).toBe(second.endpoint);
  });

  it("never merges a restarted worker with the old one, even while the old one has not left yet", () => {
    const bench = new DispatchBench();
    const old = bench.join("w");
    const restarted = bench.join("w");
    bench.leave(old);
    expect([...bench.registry.endpoints.values()]).toEqual([restarted.endpoint]);
    bench.registry.leave(old.endpoint);
    expect(bench.registry.pool("S.m")?.available).toEqual([restarted.endpoint]);
  });

  it("takes further methods of a worker, and withdraws single ones", () => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w", { methods: ["S.a"] });
    bench.registry.offer(endpoint, { capacity: 2, methods: [{ name: "S.b" }] });
    expect([...endpoint.methods.keys()]).toEqual(["S.a", "S.b"]);
    bench.registry.withdraw(endpoint, ["S.a"]);
    expect(bench.registry.pool("S.a")?.members).toHaveLength(0);
    expect(bench.registry.pool("S.b")?.available).toHaveLength(1);
  });

  it("lists a worker once for a method that it declares again, and what it says now holds", () => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w");
    bench.registry.offer(endpoint, {
      capacity: 1,
      methods: [
        { name: "S.m", idempotent: true },
        { name: "S.m", idempotent: true },
      ],
    });
    const pool = bench.registry.pool("S.m");
    expect(pool?.members).toEqual([endpoint]);
    expect(endpoint.methods.get("S.m")?.idempotent).toBe(true);
    expect(pool?.info?.idempotent).toBe(true);
  });

  it("remembers the targets of a worker that has left", () => {
    const bench = new DispatchBench();
    bench.leave(bench.join("w"));
    expect(bench.registry.pool("S.m")?.members).toHaveLength(0);
    expect(bench.registry.hasService("S")).toBe(false);
  });

  it("knows a service as long as any worker serves any method of it", () => {
    const bench = new DispatchBench();
    const one = bench.join("one", { methods: ["S.a", "S.b"] });
    const other = bench.join("other", { methods: ["S.b"] });
    bench.leave(one);
    expect(bench.registry.hasService("S")).toBe(true);
    bench.registry.withdraw(other.endpoint, ["S.b"]);
    expect(bench.registry.hasService("S")).toBe(false);
  });

  it("lists available endpoints in the order of joining, whoever was busy in between", () => {
    const bench = new DispatchBench();
    const joined = ["a", "b", "c"].map((id) => bench.join(id));
    for (const { endpoint } of joined) endpoint.occupy();
    for (const at of [2, 0, 1]) joined[at]!.endpoint.release(1, true, 0);
    expect(bench.registry.pool("S.m")?.available.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("never takes a draining worker back", () => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w");
    endpoint.setState("draining");
    endpoint.setState("ready");
    expect(endpoint.state).toBe("draining");
  });

  it("never takes a worker back that has left, whatever its link says later", () => {
    const bench = new DispatchBench();
    const joined = bench.join("w");
    bench.leave(joined);
    joined.endpoint.setState("ready");
    bench.registry.offer(joined.endpoint, { capacity: 5, methods: [{ name: "S.m" }, { name: "S.n" }] });
    expect(bench.registry.pool("S.m")?.available).toEqual([]);
    expect(bench.registry.pool("S.m")?.members).toEqual([]);
    expect(bench.registry.hasService("S")).toBe(false);
  });
});

describe("the capacity of a worker", () => {
  it("that is raised lets waiting jobs start at once", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w");
    for (let at = 0; at < 3; at++) bench.call();
    bench.registry.offer(endpoint, { capacity: 3, methods: [] });
    expect(worker.sent).toHaveLength(3);
  });

  it("that is lowered below what runs lets jobs end, and starts none until there is room again", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w", { capacity: 3 });
    for (let at = 0; at < 4; at++) bench.call();
    bench.registry.offer(endpoint, { capacity: 1, methods: [] });
    worker.end(worker.sent[0]!);
    worker.end(worker.sent[1]!);
    expect([worker.sent.length, endpoint.isAvailable]).toEqual([3, false]);
    worker.end(worker.sent[2]!);
    expect(worker.sent).toHaveLength(4);
  });

  it.each([Number.NaN, 0, -1, 0.5])("of %s counts as 1", (capacity) => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w", { capacity });
    expect([endpoint.capacity, endpoint.isAvailable]).toEqual([1, true]);
  });

  it.each([Number.NaN, 0, -1, Infinity])("and a weight of %s do not keep it from getting jobs", (weight) => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w");
    bench.registry.offer(endpoint, { capacity: 1, weight, methods: [] });
    expect(endpoint.weight).toBeGreaterThan(0);
    expect(endpoint.weight).toBeLessThan(Infinity);
  });
});
