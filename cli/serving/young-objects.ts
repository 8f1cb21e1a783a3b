import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

const mostBytes = 32 * 1024 * 1024;

/**
 * Holds V8's space for new objects at 32 MB. By itself it grows to 64 MB with the first seconds of load, and stays so; the gate gains
 * nothing of it, whose objects live as long as a call.
 *
 * V8's own limit, `--max-semi-space-size`, can only be set before a process starts, and goes before this one. So growth, which doubles the
 * space, is allowed or forbidden after each collection, by a flag that V8 reads whenever it would grow.
 */
export function boundYoungObjects(): void {
  if ([...process.execArgv, process.env["NODE_OPTIONS"]].join(" ").includes("semi-space")) return;
  let mayGrow = true;
  const collections = new PerformanceObserver(() => {
    const canDouble = 2 * youngBytes() <= mostBytes;
    if (canDouble === mayGrow) return;
    mayGrow = canDouble;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  });
  collections.observe({ entryTypes: ["gc"] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
}
