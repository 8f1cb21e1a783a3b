import { consistentHash, fifo, leastConnections, p2c, random, roundRobin, version, weightedRoundRobin } from "unigate";
import { describe, expect, it } from "vitest";
import { isSameOptions } from "../../../src/strategy/same-options.ts";

const made = [
  fifo,
  leastConnections,
  roundRobin,
  weightedRoundRobin,
  random,
  p2c,
  () => p2c({ decayMs: 1 }),
  consistentHash,
  () => consistentHash({ header: "x-user" }),
  () => version({ prefer: "1" }),
  () => version({ prefer: "2" }),
  () => version({ prefer: "2", strategy: p2c() }),
];

describe("options", () => {
  it.each(made.map((make) => [make().name, make] as const))(
    "with %s, made twice, are the same; with any other strategy they are not",
    (_name, make) => {
      for (const other of made)
        expect(isSameOptions({ to: ["a", { strategy: make() }] }, { to: ["a", { strategy: other() }] })).toBe(other === make);
    },
  );

  it("differ in a key more, a key less, an order, a byte, or a function", () => {
    expect(isSameOptions({ a: 1 }, { a: 1, b: undefined })).toBe(false);
    expect(isSameOptions({ a: 1, b: undefined }, { a: 1, c: undefined })).toBe(false);
    expect(isSameOptions([1, 2], [2, 1])).toBe(false);
    expect(isSameOptions({ key: Buffer.from("a") }, { key: Buffer.from("a") })).toBe(true);
    expect(isSameOptions({ key: Buffer.from("a") }, { key: Buffer.from("b") })).toBe(false);
    expect(isSameOptions({ rewrite: () => 1 }, { rewrite: () => 1 })).toBe(false);
  });

  it("of a strategy that tells nothing of itself are its own", () => {
    const make = () => ({ name: "mine", createBalancer: () => ({ pick: () => undefined }) });
    expect(isSameOptions(make(), make())).toBe(false);
  });
});
