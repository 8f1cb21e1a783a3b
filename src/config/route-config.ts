import type { Strategy } from "../strategy/strategy.ts";
import type { IntakeMode } from "../webhook/intake.ts";
import type { Webhook } from "../webhook/webhook.ts";
import type { Duration } from "./duration.ts";

/** What to do with jobs for the targets that the route's pattern matches. Everything has a default. */
export interface RouteConfig {
  /** How jobs are spread over workers; default `roundRobin()`. */
  strategy?: Strategy;
  /** Longest life of a job whose caller named no earlier deadline; default `"60s"`, `0` for none. */
  timeout?: Duration;
  /** Jobs of one method that may wait for room; default 10 000. One more fails as `resource_exhausted`. */
  queue?: number;
  /** How long a job waits while no worker of a known method is alive; default `"2s"`. */
  waitForWorker?: Duration;
  /** How long a job waits for a place on a busy worker, then `resource_exhausted`; default until its deadline. */
  waitForRoom?: Duration;
  /** Workers that an idempotent job may be tried on, the first included; default 3. */
  attempts?: number;
  /** Every job of this route may run more than once. */
  idempotent?: boolean;
  /** HTTP callers need no key, even where the gate has keys. */
  public?: boolean;
  /** HTTP bindings, `"POST /api/x/:id"`; for a pattern that names one method. */
  http?: string | string[];
  /**
   * When an HTTP caller gets its answer. `"live"`, the default: as soon as a worker has given it. `"async"`: at once, with 202; the job is
   * kept, and runs when a worker is there. `"live-else-inbox"`: live while a worker is up, else kept.
   */
  mode?: IntakeMode;
  /** HTTP callers need a signature of this sender, and no key; import one from `unigate/webhooks`. */
  webhook?: Webhook;
  /** With mode `"async"`: jobs with the same value of this header, or `":param.name"` of the path, run one after the other; `":binding"` for all. */
  orderBy?: string;
}
