import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

/** Makes objects that outlive a collection or two, turn after turn, and prints how large V8's space for new ones has become, in MB. */
const churn = `
import { setImmediate as turn } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
let alive = [];
for (let round = 0; round < 400; round++) {
  alive = Array.from({ length: 10_000 }, (_, at) => ({ at, of: [round] }));
  await turn();
}
console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size / 2 ** 20, alive.length);
`;

it("the space for new objects stays at 2 MB until the gate is ready, and then within 32 MB, under a load that lets V8 take more by itself", () => {
  const module = new URL("../../dist/cli/serving/young-objects.js", import.meta.url).href;
  const megabytesOf = (before: string, ...flags: string[]): number => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", before + churn], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(stderr).toBe("");
    return Number.parseFloat(stdout);
  };
  const held = `import { boundYoungObjects, holdYoungObjects } from ${JSON.stringify(module)}; holdYoungObjects();`;
  const bounded = `${held} boundYoungObjects();`;
  expect(megabytesOf(held)).toBeLessThanOrEqual(2);
  expect(megabytesOf(bounded)).toBeLessThanOrEqual(32);
  expect(megabytesOf(bounded)).toBeGreaterThan(2);
  // The load is one that lets it grow further: so it does without the bound, whatever the machine's memory.
  expect(megabytesOf("", "--max-semi-space-size=32")).toBeGreaterThan(32);
  // Who sets the limit of V8 itself gets what they asked for.
  expect(megabytesOf(bounded, "--max-semi-space-size=32")).toBeGreaterThan(32);
});
