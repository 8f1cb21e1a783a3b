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

  it("takes further methods of a worker, and withdraws single ones", () => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w", { methods: ["S.a"] });
    bench.registry.offer(endpoint, { capacity: 2, methods: [{ name: "S.b" }] });
    expect([...endpoint.methods.keys()]).toEqual(["S.a", "S.b"]);
    bench.registry.withdraw(endpoint, ["S.a"]);
    expect(bench.registry.pool("S.a")?.members).toHaveLength(0);
    expect(bench.registry.pool("S.b")?.available).toHaveLength(1);
  });

  it("remembers the targets of a worker that has left", () => {
    const bench = new DispatchBench();
    bench.leave(bench.join("w"));
    expect(bench.registry.pool("S.m")?.members).toHaveLength(0);
    expect(bench.registry.hasService("S")).toBe(false);
  });

  it("lists available endpoints in the order of joining, whoever was busy in between", () => {
    const bench = new DispatchBench();
    const joined = ["a", "b", "c"].map((id) => bench.join(id));
    for (const { endpoint } of joined) endpoint.occupy();
    for (const at of [2, 0, 1]) joined[at]!.endpoint.release(1, true);
    expect(bench.registry.pool("S.m")?.available.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("never takes a draining worker back", () => {
    const bench = new DispatchBench();
    const { endpoint } = bench.join("w");
    endpoint.setState("draining");
    endpoint.setState("ready");
    expect(endpoint.state).toBe("draining");
  });
});
