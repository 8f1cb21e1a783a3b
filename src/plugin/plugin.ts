import type { ConfigFault } from "../config/fault.ts";
import type { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { Clock } from "../observe/clock.ts";
import type { AsyncJobs } from "../jobs/async-jobs.ts";
import type { Logger } from "../observe/logger.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Traffic } from "../transport/traffic.ts";
import type { GateStatus } from "../transport/status.ts";
import type { PageContent, PluginPage } from "./plugin-page.ts";

/** A job under way, as plugins see it: one object from its admission to its end. */
export interface PluginRun {
  /** Its `metadata` may be replaced in `admitted` and `dispatched`: the worker gets what is there then. */
  readonly job: Job;
  /** Pattern of its route; undefined while nobody knows its target. */
  readonly route: string | undefined;
  readonly state: "waiting" | "running" | "completed" | "failed" | "cancelled" | "expired";
  /** Why it did not complete; undefined before the end, and for a completed one. */
  readonly error: GateError | undefined;
  /** Id of the worker that runs it or ran it last; undefined before that. */
  readonly worker: string | undefined;
  /** Times that it was given to a worker. */
  readonly attempts: number;
  /** On the gate's clock, in ms. */
  readonly acceptedAt: number;
}

/**
 * What a plugin hears; each is optional and called in the order of the config's list, at once, on the path of every job: keep it cheap.
 *
 * `admitted` and `dispatched` may throw: that job fails, with the error's own code when it is a `GateError` and as `internal` otherwise.
 * What any other hook throws is logged and has no effect.
 */
export interface PluginHooks {
  /** A job has come in, before a worker is looked for. */
  admitted?(run: PluginRun): void;
  /** A job is about to be given to a worker; comes again when it is tried again. */
  dispatched?(run: PluginRun, endpoint: Endpoint): void;
  /** A job has ended, right before its caller hears it; comes once for each, also for one that a plugin refused. */
  settled?(run: PluginRun): void;
  joined?(endpoint: Endpoint): void;
  /** `reason` is for people; none when it said goodbye. */
  left?(endpoint: Endpoint, reason: string | undefined): void;
  /** Makes one of the plugin's `pages`. */
  page?(path: string): PageContent | Promise<PageContent>;
  /** The gate closes, or a reload left the plugin out. */
  close?(): void | Promise<void>;
}

/** The gate as its plugins see it. */
export interface PluginHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly status: GateStatus;
  /** Counts of the jobs that it keeps; reject with `unavailable` while their store is away. */
  readonly jobs: Pick<AsyncJobs, "counts">;
  /** What crosses the links of each carrier; a live object. */
  readonly traffic: ReadonlyMap<string, Readonly<Traffic>>;
}

/**
 * Something that looks on, or has a say, while a gate works.
 *
 * It is data until `start`: made in a config, it must not throw, and tells its own mistakes through `check`.
 */
export interface Plugin {
  readonly name: string;
  /** What it was made with, so that a reload can tell a changed one; without it, every reload starts the plugin anew. */
  readonly options?: unknown;
  readonly pages?: readonly PluginPage[];
  check?(): readonly ConfigFault[];
  /** Called before a door opens. When it throws or rejects, the gate logs that and goes on without the plugin. */
  start(gate: PluginHost): PluginHooks | Promise<PluginHooks>;
}
