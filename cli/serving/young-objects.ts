import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

const mostBytes = 32 * 1024 * 1024;
/** Whoever starts the process with V8's own limit gets what they ask for. */
const isGiven = [...process.execArgv, process.env["NODE_OPTIONS"]].join(" ").includes("semi-space");

/**
 * Keeps V8's space for new objects at the 2 MB that it begins with, until `boundYoungObjects`.
 *
 * A start makes it grow to 20 MB, for modules that stay, and an idle gate would keep them. What is compiled depends on V8's flags: to be
 * called before anything is loaded that the compile cache should have.
 */
export function holdYoungObjects(): void {
  if (!isGiven) allowGrowth(false);
}

/**
 * Lets V8's space for new objects grow to 32 MB. By itself it grows to 64 MB with the first seconds of load, and stays so; the gate gains
 * nothing of it, whose objects live as long as a call.
 *
 * V8's own limit, `--max-semi-space-size`, can only be set before a process starts. So growth, which doubles the space, is allowed or
 * forbidden after each collection, by a flag that V8 reads whenever it would grow.
 */
export function boundYoungObjects(): void {
  if (isGiven) return;
  let mayGrow = true;
  allowGrowth(mayGrow);
  const collections = new PerformanceObserver(() => {
    const canDouble = 2 * youngBytes() <= mostBytes;
    if (canDouble === mayGrow) return;
    mayGrow = canDouble;
    allowGrowth(mayGrow);
  });
  collections.observe({ entryTypes: ["gc"] });
}

function allowGrowth(mayGrow: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
}
