import type { Holder } from "../access/keyring.ts";
import type { ConfigFault } from "../config/fault.ts";
import type { GateError } from "../error/gate-error.ts";
import type { RouteConfig } from "../config/route-config.ts";
import type { Job } from "../job/job.ts";
import type { BoundTarget } from "../job/http-binding.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { AsyncJobs } from "../jobs/async-jobs.ts";
import type { Clock } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Random } from "../observe/random.ts";
import type { PageContent } from "../plugin/plugin-page.ts";
import type { Endpoint, EndpointLink, EndpointOffer } from "../registry/endpoint.ts";
import type { Intake } from "../webhook/intake.ts";
import type { Address } from "./address.ts";
import type { Connection } from "./connection.ts";
import type { GateStatus, PoolFigures } from "./status.ts";

/** A transport that has been started. */
export interface Door {
  readonly addresses: readonly Address[];
  /** Figures of its own for the gate's info, if it has any, as plain data made when asked for. */
  details?(): Readonly<Record<string, unknown>> | undefined;
  /** Its pools of servers, made when asked for. */
  pools?(): PoolFigures[];
  /** Why a worker's method cannot be served here (a path that is taken, say), or undefined. Asked before the method joins. */
  refusal?(method: MethodInfo): string | undefined;
  /** Stops listening, at once: it takes no new callers; links and running jobs go on. */
  drain(): Promise<void>;
  /** Stops listening and ends what is left. */
  close(): Promise<void>;
}

/**
 * A door of the gate: turns outside traffic into jobs, and outside workers into endpoints.
 *
 * It is data until `start`: made in a config, it must neither listen nor throw, and tells its own mistakes through `check`.
 */
export interface Transport {
  readonly name: string;
  /** Tells whether its doors have a page of their own at `path`, which no plugin may take. */
  ownsPage?(path: string): boolean;
  /** What it was made with, so that a reload can tell a changed one; without it, every reload opens the door anew. */
  readonly options?: unknown;
  /** Every mistake in its options, and every binding of the config's routes that its doors cannot take. */
  check?(bound?: readonly BoundTarget[]): readonly ConfigFault[];
  /** Where it will listen, as far as its options tell before it does; for tools. Asked only when `check` found no fault. */
  addresses?(): readonly Address[];
  /** Rejects with a `GateError` that names the address and the remedy when it cannot listen. */
  start(gate: GateHost): Promise<Door>;
}

/** A page that a plugin adds to the doors which have pages. */
export interface Page {
  /** Whoever asks needs no key. */
  readonly isPublic: boolean;
  /** Makes it; rejects with a `GateError`. */
  read(): Promise<PageContent>;
}

/** The gate as its transports see it. */
export interface GateHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Largest payload of a job or a reply, in bytes. */
  readonly maxPayloadBytes: number;
  readonly status: GateStatus;
  /** True when callers need a key. */
  readonly isLocked: boolean;
  /** Who holds the key that a caller brought; throws `unauthenticated`. For doors whose callers do not say hello. */
  identify(key: string | undefined): Holder;
  /** Why `holder` may not call `target`, or undefined. */
  refusalToCall(holder: Holder, target: string): GateError | undefined;
  /** Tells whether callers of `target` need no key. */
  isPublic(target: string): boolean;
  /** How jobs for `target` are taken in; undefined for those that are answered live and need no signature. For doors whose callers are HTTP's. */
  intake(target: string): Intake | undefined;
  /** Tells whether a worker is up that serves `target`. */
  isServed(target: string): boolean;
  /** Ingress: brings a job to a worker. */
  dispatch(job: Job, sink: ReplySink): JobControl;
  /** Jobs that are kept: their callers need not wait for them, nor their workers be there. */
  readonly jobs: Pick<AsyncJobs, "submit" | "get" | "whenEnded" | "cancel">;
  /** Speaks the gate protocol with whoever is at the other end, a client, a worker or both; none of them may do more than `limit`. */
  accept(connection: Connection, limit?: Holder): void;
  /** Egress: takes in a worker that does not speak the gate protocol. Throws for a method that no worker may serve. */
  join(link: EndpointLink, offer: EndpointOffer): Endpoint;
  leave(endpoint: Endpoint): void;
  /** Takes what such a worker says of itself anew; methods add to those that it has. */
  offer(endpoint: Endpoint, offer: EndpointOffer): void;
  /** Gives targets of a transport their routes, in place of those that the same owner gave before; the config's own hold against them. */
  setRoutes(owner: string, routes: Readonly<Record<string, RouteConfig>>): void;
  /** Every method that is known now, with its HTTP bindings from workers and routes. */
  methods(): MethodInfo[];
  /** Tells whether what is bound to `target` stays bound: a worker serves it now, or the config binds it. Otherwise others may take its paths. */
  holdsPaths(target: string): boolean;
  /** The plugin's page at `path`, or undefined. */
  page(path: string): Page | undefined;
  /** Calls `listener` whenever the methods changed, at once and perhaps often: keep it cheap. */
  onMethodsChanged(listener: () => void): void;
}
