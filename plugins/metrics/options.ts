import { closestName, type ConfigFault } from "unigate/transport";

/** Options of the metrics plugin. */
export interface MetricsOptions {
  /** Of the page; default `"/metrics"`. */
  path?: string;
  /** Whoever asks for the page needs no key, even where the gate has keys; default false. */
  public?: boolean;
  /** What the label `route` holds: the pattern of the job's route (default), or the job's own target. */
  by?: "route" | "target";
  /** Different values of the label `route` at most, and of `pool`; the jobs of all further ones count as `other`. Default 200. */
  maxRoutes?: number;
  /** Upper bounds of the duration histogram, in seconds, rising; default from 1 ms to 60 s. */
  buckets?: readonly number[];
}

/** Options with every default filled in. */
export interface MetricsSettings {
  path: string;
  isPublic: boolean;
  isByTarget: boolean;
  maxRoutes: number;
  buckets: readonly number[];
}

const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const keys = ["path", "public", "by", "maxRoutes", "buckets"];

/** Fills in the defaults; never throws, whatever the options hold. */
export function toSettings(options: MetricsOptions): MetricsSettings {
  return {
    path: options.path ?? "/metrics",
    isPublic: options.public === true,
    isByTarget: options.by === "target",
    maxRoutes: options.maxRoutes ?? 200,
    buckets: options.buckets ?? defaultBuckets,
  };
}

/** Every fault of the options; that of a path is the gate's to tell. */
export function checkOptions(options: MetricsOptions): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const wrong = (path: string, value: unknown, problem: string, remedy: string): void => {
    faults.push({ path, problem: `${JSON.stringify(value)} ${problem}`, remedy });
  };
  for (const key of Object.keys(options).filter((name) => !keys.includes(name))) {
    const closest = closestName(key, keys);
    const remedy = closest === undefined ? `known are ${keys.join(", ")}` : `did you mean ${closest}?`;
    faults.push({ path: key, problem: "is not a known key", remedy });
  }
  const { by = "route", maxRoutes = 1, buckets = defaultBuckets } = options;
  if (by !== "route" && by !== "target") wrong("by", by, "is not a label's source", 'write "route" or "target"');
  if (!Number.isInteger(maxRoutes) || maxRoutes < 1) wrong("maxRoutes", maxRoutes, "is not a number of routes", "write 1 or more");
  if (!isRising(buckets)) wrong("buckets", buckets, "are not bounds that rise", "write seconds such as [0.01, 0.1, 1]");
  return faults;
}

function isRising(bounds: unknown): boolean {
  if (!Array.isArray(bounds) || bounds.length === 0) return false;
  return bounds.every((bound, at) => typeof bound === "number" && Number.isFinite(bound) && (at === 0 || bound > bounds[at - 1]));
}
