import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { GateError } from "../error/gate-error.ts";
import { DeadlineWheel } from "../job/deadline-wheel.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { type Clock, systemClock, withPatience } from "../observe/clock.ts";
import { type Logger, silentLogger } from "../observe/logger.ts";
import { type Random, systemRandom } from "../observe/random.ts";
import { nodeAgent } from "../transport/node-agent.ts";
import { openWorkerConnection, parseGateUrl } from "../transport/carriers.ts";
import { defaultGateKey, defaultGateUrl } from "../transport/default-gate-url.ts";
import type { Connection } from "../transport/connection.ts";
import { PeerLink, type PeerLinkHandler } from "../transport/peer-link.ts";
import type { Session } from "../transport/session.ts";
import { shownUrl } from "../transport/shown-url.ts";
import type { ServiceDefinition } from "./define-service.ts";
import { type HandlerHost, HandlerRun } from "./handler-run.ts";
import type { JobContext } from "./job-context.ts";
import type { JobObserver } from "./job-observer.ts";
import { type LoadedMethod, loadService } from "./loaded-method.ts";
import { CountedSink, type RawMethod } from "./raw-method.ts";

/** How long the gate may take to say that the last answers have arrived, in ms. */
const lastAnswersMs = 1000;

/** What a worker serves, and where. */
export interface WorkerOptions {
  services: readonly ServiceDefinition[];
  /** Methods that take their jobs as they are, besides those of the services. */
  raw?: readonly RawMethod[];
  /** URL of the gate; default `$GATE_URL`, else `tcp://127.0.0.1:5555`. */
  gate?: string;
  /** For a gate that has keys; default `$GATE_KEY`. */
  key?: string;
  /** Jobs that it takes at once; default 100. */
  concurrency?: number;
  /** Its name at the gate; default host name and process id. */
  id?: string;
  /** For callers that ask for one with `X-API-Version`. */
  version?: string;
  /** Relative share of jobs under `weightedRoundRobin`; default 1. */
  weight?: number;
  /** Calls handlers whose executor is not the event loop; without it such methods are refused at `createWorker`. */
  execute?: (method: LoadedMethod, args: readonly unknown[], job: JobContext) => unknown;
  /** Makes the connection instead of the URL's carrier: for a worker inside the gate's process. */
  open?: (url: URL, signal: AbortSignal) => Promise<Connection>;
  /** Looks on while handlers run. */
  observer?: JobObserver;
  logger?: Logger;
  clock?: Clock;
  random?: Random;
}

/** A worker and its link to the gate. */
export interface Worker {
  readonly id: string;
  readonly methods: readonly string[];
  /** Jobs that run now. */
  readonly inFlight: number;
  /** Resolves once the gate has taken the worker in; rejects when the gate refuses it. A gate that is away is waited for. */
  start(): Promise<void>;
  /** Finishes what runs, takes nothing new, then leaves. */
  drain(): Promise<void>;
  /** Leaves now; running jobs fail at their callers as `unavailable`. */
  close(): Promise<void>;
  /** Resolves when the worker has left for good, also because the gate asked it to drain; rejects when the gate refused it. */
  readonly closed: Promise<void>;
}

/**
 * Makes a worker; it connects with `start`.
 *
 * @example
 * ```ts
 * import { createWorker, defineService } from "unigate/worker";
 *
 * const worker = createWorker({ services: [defineService("greeter", { hello: (name: string) => `Hello, ${name}` })] });
 * await worker.start();
 * await worker.drain();
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  return new LinkedWorker(options);
}

class LinkedWorker implements Worker, PeerLinkHandler, HandlerHost {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #url: URL;
  readonly #methods = new Map<string, LoadedMethod | RawMethod>();
  #running = 0;
  readonly #started = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #link: PeerLink | undefined;
  #whenIdle: (() => void) | undefined;
  #draining: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.clock = options.clock ?? systemClock;
    this.wheel = new DeadlineWheel(this.clock);
    this.id = options.id ?? `${hostname()}-${process.pid}`;
    this.#url = parseGateUrl(options.gate ?? defaultGateUrl());
    this.closed = this.#over.promise;
    this.closed.catch(() => {});
    this.#started.promise.catch(() => {});
    for (const method of [...options.services.flatMap(loadService), ...(options.raw ?? [])]) {
      if (this.#methods.has(method.info.name))
        throw new GateError("already_exists", `${method.info.name} is declared twice; rename one of the services`);
      if ("executor" in method && method.executor !== "loop" && options.execute === undefined)
        throw new GateError(
          "failed_precondition",
          `${method.info.name} wants a ${method.executor}; start it with \`gate worker\`, which has a pool`,
        );
      this.#methods.set(method.info.name, method);
    }
    if (this.#methods.size === 0) throw new GateError("invalid_argument", "a worker without a method; pass services: [defineService(…)]");
  }

  get methods(): string[] {
    return [...this.#methods.keys()];
  }

  get inFlight(): number {
    return this.#running;
  }

  start(): Promise<void> {
    this.#link ??= new PeerLink({
      url: this.#url,
      id: this.id,
      incarnation: randomBytes(8).toString("hex"),
      agent: nodeAgent,
      key: this.#options.key ?? defaultGateKey(),
      open: this.#options.open ?? openWorkerConnection,
      clock: this.clock,
      random: this.#options.random ?? systemRandom,
      maxJobs: 100_000,
      handler: this,
    });
    return this.#started.promise;
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    this.#link?.session?.drain();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    // A process that ends now could take the last answers with it.
    const session = this.#link?.session;
    if (session !== undefined) await withPatience(new Promise<void>((resolve) => session.confirm(resolve)), lastAnswersMs, this.clock);
    await this.close();
  }

  async close(): Promise<void> {
    this.#over.resolve();
    this.#link?.close();
    this.wheel.close();
    await this.closed.catch(() => {});
  }

  // From the link.

  up(session: Session): void {
    const { concurrency = 100, version, weight } = this.#options;
    session.serve({
      capacity: concurrency,
      methods: [...this.#methods.values()].map(({ info }) => info),
      ...(version === undefined ? {} : { version }),
      ...(weight === undefined ? {} : { weight }),
    });
    session.confirm(() => {
      this.#logger.info("serving", { gate: shownUrl(this.#url), methods: this.methods });
      this.#started.resolve();
    });
  }

  askedToDrain(): void {
    this.#logger.debug("the gate asked this worker to drain", { gate: shownUrl(this.#url) });
    void this.drain();
  }

  down(error: GateError, isFinal: boolean): void {
    if (!isFinal) {
      this.#logger.warn("no link to the gate; trying again", { gate: shownUrl(this.#url), reason: error.message });
      return;
    }
    this.#started.reject(error);
    this.#over.reject(error);
  }

  job(job: Job, sink: ReplySink): JobControl {
    const method = this.#methods.get(job.target);
    if (method === undefined) {
      sink.fail(new GateError("unimplemented", `this worker does not serve ${job.target}`), true);
      return nothing;
    }
    this.#running++;
    if ("send" in method) return sendRaw(method, job, new CountedSink(sink, () => this.finished()));
    const run = new HandlerRun(this, method, job, sink);
    run.start(this.#options.observer);
    return run.control;
  }

  // From runs.

  execute(method: LoadedMethod, args: readonly unknown[], job: JobContext): unknown {
    if (method.executor === "loop") return method.call(args, job);
    return this.#options.execute?.(method, args, job);
  }

  finished(): void {
    this.#running--;
    if (this.#running === 0) this.#whenIdle?.();
  }

  failed(method: LoadedMethod, error: unknown): void {
    this.#logger.error("handler failed", {
      method: method.info.name,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

function sendRaw(method: RawMethod, job: Job, sink: ReplySink): JobControl {
  try {
    return method.send(job, sink);
  } catch (error) {
    sink.fail(GateError.from(error, "internal"));
    return nothing;
  }
}

const nothing: JobControl = { cancel: () => {}, resume: () => {} };
