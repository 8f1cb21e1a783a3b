import { GateError } from "../error/gate-error.ts";
import { DeadlineWheel } from "../job/deadline-wheel.ts";
import { type Job, serviceOf } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock } from "../observe/clock.ts";
import { type Logger, silentLogger } from "../observe/logger.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Registry, RegistryListener } from "../registry/registry.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { DispatcherOptions, DispatchHooks } from "./dispatcher-options.ts";
import { FailureLog } from "./failure-log.ts";
import { pinnedVersion } from "./pinned-version.ts";
import { choose, tellBalancer } from "./placement.ts";
import { notFound, noRoom, strategyThrew } from "./refusals.ts";
import { OpenRuns } from "./open-runs.ts";
import { OrphanWatch } from "./orphan-watch.ts";
import { JobRun } from "./run.ts";
import type { RunOwner } from "./run-owner.ts";
import { Settling } from "./settling.ts";
import { countEnd, type JobCounts, newCounts, type Target } from "./target.ts";
import { TargetTable } from "./target-table.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

/** A job that no handler has seen is placed again this many times, idempotent or not. */
const maxPlacements = 16;

/**
 * Takes a job, finds its route, and brings it to an endpoint: at once, or from the target's queue when one has room.
 *
 * The order in which to read: `dispatch` → `#admit` → `#place`, or `#enqueue` → `#pump` → `#place` → `released` → `ended`.
 */
export class Dispatcher implements RunOwner, RegistryListener {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #failures: FailureLog;
  readonly #wheel: DeadlineWheel;
  readonly #orphans: OrphanWatch;
  readonly #targets: TargetTable;
  readonly #waiting: WaitingJobs;
  readonly #settling: Settling;
  /** Undefined when nobody wants to hear of jobs: then none costs anything. */
  hooks: DispatchHooks | undefined = undefined;
  /** Over all targets, forgotten ones too. */
  readonly totals: JobCounts = newCounts();
  readonly #open = new OpenRuns();
  #isDraining = false;
  #isClosed = false;
  #lastOrder = 0;
  #whenIdle: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#registry = options.registry;
    this.#targets = new TargetTable(options);
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
    this.#failures = new FailureLog(this.#logger, options.clock);
    this.#wheel = new DeadlineWheel(options.clock);
    this.#waiting = new WaitingJobs(options.queueBytes ?? Infinity, this.#wheel, options.clock);
    this.#orphans = new OrphanWatch(options.clock);
    this.#registry.listen(this);
    this.#settling = new Settling(options.clock, options.settleMs, (run) => this.#refuseUnknown(run));
  }

  get targets(): ReadonlyMap<string, Target> {
    return this.#targets.all;
  }

  /** Jobs accepted and not yet ended. */
  get open(): Pick<OpenRuns, "size" | typeof Symbol.iterator> {
    return this.#open;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Brings `job` to a worker. The sink hears exactly one `end` or `fail`, perhaps before this returns. */
  dispatch(job: Job, sink: ReplySink): JobControl {
    const run = new JobRun(job, sink, this, ++this.#lastOrder);
    this.#open.add(run);
    const target = this.#targets.find(job.target);
    run.target = target;
    const refusal = this.hooks?.admitted(run);
    if (target !== undefined) this.#admit(run, target, refusal);
    else if (refusal !== undefined) run.refuse(refusal);
    else this.#admitUnknown(run);
    return run;
  }

  /** Takes a changed table; queued jobs stay, under their new routes. */
  setRoutes(routes: RouteTable): void {
    this.#targets.setRoutes(routes);
    // A new strategy may have a place where the old one had none.
    for (const target of this.#waiting.targets) this.#pump(target);
  }

  /** Refuses new jobs and resolves once every accepted one has ended. */
  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Ends what is left as `unavailable`. */
  close(): void {
    this.#isDraining = true;
    this.#isClosed = true;
    const error = new GateError("unavailable", "the gate is closing");
    for (const run of this.#settling.held) run.refuse(error);
    for (const target of this.targets.values()) {
      for (let run = target.queue.first; run !== undefined; run = target.queue.first) run.refuse(error);
    }
    this.#orphans.close();
    this.#wheel.close();
  }

  // From the registry.

  available(endpoint: Endpoint): void {
    if (this.#waiting.targets.size === 0) return;
    const served = [...this.#waiting.targets].filter((target) => endpoint.methods.has(target.name));
    // The target whose head has waited longest comes first: one busy method cannot starve another on a shared worker.
    if (served.length > 1) served.sort((a, b) => (a.queue.first?.acceptedAt ?? 0) - (b.queue.first?.acceptedAt ?? 0));
    for (const target of served) this.#pump(target);
  }

  workersChanged(name: string): void {
    const target = this.#targets.all.get(name);
    if (target !== undefined && target.queue.size > 0) this.#orphans.workersChanged(target);
  }

  holds(name: string): boolean {
    const target = this.#targets.all.get(name);
    return target !== undefined && (target.queue.size > 0 || target.running > 0);
  }

  forgotten(name: string): void {
    this.#targets.forget(name);
  }

  methodsChanged(): void {
    for (const run of this.#settling.held) {
      const target = this.#targets.find(run.job.target);
      if (target === undefined) continue;
      this.#settling.release(run);
      this.#wheel.remove(run);
      this.#admit(run, target);
    }
  }

  // From runs.

  released(run: JobRun, endpoint: Endpoint): void {
    const target = run.target as Target;
    target.running--;
    tellBalancer(run, endpoint, this.#logger);
    endpoint.release(run.durationMs, run.code === undefined, run.releasedAt);
    if (target.queue.size > 0) this.#pump(target);
  }

  mayRunAgain(run: JobRun, error: GateError, neverStarted: boolean): boolean {
    if (!error.retryable || this.#isClosed) return false;
    if (neverStarted) return run.attempts < maxPlacements;
    const { route, pool } = run.target as Target;
    const isIdempotent = run.job.idempotent || pool.info?.idempotent === true;
    return isIdempotent && error.code === "unavailable" && run.attempts < route.retry.attempts;
  }

  refusalOfWait(run: JobRun): GateError {
    return noRoom(run.target as Target);
  }

  waitAgain(run: JobRun): void {
    this.#wait(run, run.target as Target, "its place");
  }

  ended(run: JobRun, wasWaiting: boolean): void {
    const { target } = run;
    if (wasWaiting && run.isQueued) this.#waiting.remove(run, target as Target);
    this.#wheel.remove(run);
    if (target === undefined) this.#settling.release(run);
    else {
      // An answer has just read the clock.
      target.ended(run, run.state === "completed" ? run.releasedAt : this.#clock.now());
    }
    countEnd(this.totals, run.state);
    this.#open.remove(run);
    this.hooks?.settled(run);
    if (run.state !== "completed") this.#failures.note(run);
    if (this.#open.size === 0) this.#whenIdle?.();
  }

  readonly unheard = (run: JobRun): void => this.#failures.note(run);

  // The way of a job.

  #admit(run: JobRun, target: Target, refusal?: GateError): void {
    run.target = target;
    target.counts.accepted++;
    this.totals.accepted++;
    if (refusal !== undefined) return run.refuse(refusal);
    const { timeoutMs, hasDefaultTimeout, idempotent } = target.route;
    // On the job, for endpoints that give it to another worker themselves.
    if (idempotent) run.job.idempotent = true;
    if (!hasDefaultTimeout || !run.job.setsPace) run.job.deadline = Math.min(run.job.deadline, run.acceptedAt + timeoutMs);
    if (this.#isDraining) return run.refuse(new GateError("unavailable", "the gate is draining; call another one"));
    if (run.job.deadline <= run.acceptedAt) return run.expire();
    this.#wheel.add(run);
    // Jobs that are pinned to a busy version let others pass; all others keep the order.
    const endpoint = target.queue.hasUnpinned ? undefined : this.#choose(run, target);
    if (endpoint !== undefined) this.#place(run, target, endpoint);
    else if (!run.hasEnded) this.#enqueue(run, target);
  }

  #place(run: JobRun, target: Target, endpoint: Endpoint): void {
    const refusal = this.hooks?.dispatched(run, endpoint);
    if (refusal !== undefined) return run.refuse(refusal);
    target.running++;
    run.balancer = target.balancer;
    endpoint.occupy();
    run.start(endpoint);
  }

  #enqueue(run: JobRun, target: Target): void {
    const refusal = this.#waiting.refusal(run, target);
    if (refusal !== undefined) {
      target.counts.refused++;
      this.totals.refused++;
      return run.refuse(refusal);
    }
    this.#wait(run, target, "tail");
    if (target.pool.available.length > 0) this.#pump(target);
  }

  #wait(run: JobRun, target: Target, where: "its place" | "tail"): void {
    this.#waiting.add(run, target, where);
    this.#orphans.queued(run, target);
  }

  /** Places waiting runs in order until one has to go on waiting; one that is pinned to a busy version lets others pass. */
  #pump(target: Target): void {
    // An endpoint may answer before `start` returns and so bring us here again: the loop that runs already goes on.
    if (target.isPumping) return;
    target.isPumping = true;
    while (target.queue.size > 0 && target.pool.available.length > 0 && this.#placeNext(target));
    target.isPumping = false;
  }

  /** Places, or refuses, the first run that need not wait; false when all have to. */
  #placeNext(target: Target): boolean {
    for (const run of target.queue.heads()) {
      const endpoint = this.#choose(run, target);
      if (endpoint !== undefined) {
        this.#waiting.remove(run, target);
        this.#place(run, target, endpoint);
        return true;
      }
      if (run.hasEnded) return true;
      if (pinnedVersion(run.job) === undefined) return false;
    }
    return false;
  }

  /** Asks the strategy. One that throws fails its job; one that picks who is full or unknown is not believed. */
  #choose(run: JobRun, target: Target): Endpoint | undefined {
    try {
      const endpoint = choose(target, run.job);
      return endpoint?.isAvailable === true ? endpoint : undefined;
    } catch (error) {
      this.#logger.error("a strategy threw", { route: target.route.pattern, strategy: target.route.strategy.name, error: String(error) });
      run.refuse(strategyThrew(target, error));
      return undefined;
    }
  }

  // Targets that nobody knows.

  /** A name beside others of a service that is there is wrong; any other may be of workers that are still on their way back. */
  #admitUnknown(run: JobRun): void {
    if (this.#registry.hasService(serviceOf(run.job.target)) || !this.#settling.hold(run)) this.#refuseUnknown(run);
    else this.#wheel.add(run);
  }

  #refuseUnknown(run: JobRun): void {
    run.refuse(notFound(run.job.target, this.#registry.pools.keys()));
  }
}
