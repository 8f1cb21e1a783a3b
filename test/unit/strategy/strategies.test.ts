import * as unigate from "unigate";
import { consistentHash, fifo, leastConnections, p2c, random, roundRobin, version, weightedRoundRobin } from "unigate";
import { GateError, seededRandom } from "unigate/transport";
import { describe, expect, it } from "vitest";
import * as strategies from "../../../src/strategy/index.ts";
import { exerciseStrategy } from "../../exercise/strategy.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const drawsFromOneSource = { skip: "all balancers of one strategy draw from its one source of chance" };

exerciseStrategy("roundRobin", () => roundRobin(), { shares: 0, isRepeatable: true });
exerciseStrategy("weightedRoundRobin", () => weightedRoundRobin(), { shares: 0, isRepeatable: true });
exerciseStrategy("random", (seed) => random({ random: seededRandom(seed) }), { shares: 0.1, isRepeatable: drawsFromOneSource });
exerciseStrategy("leastConnections", () => leastConnections(), { shares: 0, isRepeatable: true });
exerciseStrategy("fifo", () => fifo(), { shares: { skip: "the first idle worker in the order of joining is taken" }, isRepeatable: true });
exerciseStrategy("p2c", (seed) => p2c({ random: seededRandom(seed), clock: new ManualClock() }), {
  shares: 0.1,
  isRepeatable: drawsFromOneSource,
});
exerciseStrategy("consistentHash", () => consistentHash(), { shares: 0, isRepeatable: true });
exerciseStrategy("version", () => version({ prefer: "v1" }), { shares: 0, isRepeatable: true });

it("every strategy that the package exports has been exercised above", () => {
  const exercised = { roundRobin, weightedRoundRobin, random, leastConnections, fifo, p2c, consistentHash, version };
  expect({ ...strategies }).toEqual(exercised);
  expect(unigate).toMatchObject(exercised);
});

describe("a strategy with an option that cannot be meant is refused where it is made, with the remedy", () => {
  // What a config in JavaScript can hold: the types would not let it pass.
  const wrong = (value: unknown): never => value as never;
  it.each<[string, () => unknown, string]>([
    ["p2c decayMs", () => p2c({ decayMs: 0 }), "p2c: decayMs is 0; write a number of milliseconds above 0"],
    ["p2c decayMs NaN", () => p2c({ decayMs: Number.NaN }), "p2c: decayMs is NaN; write a number of milliseconds above 0"],
    ["p2c decayMs text", () => p2c({ decayMs: wrong("10s") }), 'p2c: decayMs is "10s"; write a number of milliseconds above 0'],
    ["p2c defaultMs", () => p2c({ defaultMs: -1 }), "p2c: defaultMs is -1; write a number of milliseconds above 0"],
    ["p2c random", () => p2c({ random: wrong(7) }), "p2c: random is 7; give a function that returns a number from 0 up to 1"],
    ["p2c clock", () => p2c({ clock: wrong({}) }), "p2c: clock is an object; give a Clock, or leave it out"],
    [
      "random random",
      () => random({ random: wrong(null) }),
      "random: random is null; give a function that returns a number from 0 up to 1",
    ],
    [
      "consistentHash header",
      () => consistentHash({ header: "" }),
      'consistentHash: header is ""; write the name of a metadata key, such as "x-user"',
    ],
    [
      "consistentHash header with a space",
      () => consistentHash({ header: "x user" }),
      'consistentHash: header is "x user"; write the name of a metadata key, such as "x-user"',
    ],
    [
      "consistentHash header of a door",
      () => consistentHash({ header: ":path" }),
      'consistentHash: header is ":path"; write the name of a metadata key, such as "x-user"',
    ],
    ["version prefer", () => version({ prefer: "" }), 'version: prefer is ""; write the version that workers declare, such as "v2"'],
    [
      "version strategy",
      () => version({ prefer: "v2", strategy: wrong("fifo") }),
      'version: strategy is "fifo"; import one from "unigate", such as roundRobin()',
    ],
  ])("%s", (_title, make, message) => {
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(GateError.is(thrown) && [thrown.code, thrown.message]).toEqual(["invalid_argument", message]);
  });
});
