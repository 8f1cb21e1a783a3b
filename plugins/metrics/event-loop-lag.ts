import { monitorEventLoopDelay } from "node:perf_hooks";

/** Between two looks at the event loop, in ms: what it is late beyond that is lag. */
const resolutionMs = 10;

/** How late the event loop comes to its work: what a timer is late, sampled a hundred times per second. */
export class EventLoopLag {
  readonly #delays: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#delays.enable();
  }

  /** Lag since the last look, in seconds, and forgets it. */
  take(): { p50: number; p99: number; max: number } {
    const lag = { p50: seconds(this.#delays.percentile(50)), p99: seconds(this.#delays.percentile(99)), max: seconds(this.#delays.max) };
    this.#delays.reset();
    return lag;
  }

  stop(): void {
    this.#delays.disable();
  }
}

/** The histogram has whole intervals, in ns; before the first sample it has nothing to say. */
function seconds(intervalNs: number): number {
  return Math.max(0, intervalNs / 1e6 - resolutionMs) / 1000;
}
