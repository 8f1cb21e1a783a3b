import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { LatencyWindow } from "../observe/latency.ts";
import { type JobFailure, RecentFailures } from "./recent-failures.ts";
import type { MethodInfo } from "../job/method-info.ts";

/** Whether an endpoint may be picked. `draining` finishes what runs; `down` has missed its heartbeats or failed its checks. */
export type EndpointState = "ready" | "draining" | "down";

/** The way to a worker: what a transport gives to the registry. */
export interface EndpointLink {
  /** The worker's own name; two live endpoints may share it. */
  readonly id: string;
  readonly incarnation: string;
  readonly transport: string;
  /** Where it is, for people. */
  readonly address: string;
  /** Beats that it has not answered; 0 where the transport has other health checks. */
  readonly missedBeats?: number;
  /** Beats that it has answered; left out where the transport has other health checks. */
  readonly beats?: number;
  /**
   * Jobs that the workers behind it take at once, as of now; 0 while there are none. For a link that takes more, and lets it wait elsewhere;
   * left out where the offer's `capacity` tells.
   */
  workerCapacity?(): number;
  /** Jobs behind it that were put aside as dead, by target, as it knows now; left out where nothing is put aside. */
  deadByTarget?(): ReadonlyMap<string, number>;
  /** Does one job. The sink hears exactly one `end` or `fail`, also after a cancel. */
  send(job: Job, sink: ReplySink): JobControl;
  /** Asks the worker to finish what runs and leave; left out where it cannot be asked. */
  askToDrain?(): void;
}

/** What a worker said of itself. */
export interface EndpointOffer {
  /** Jobs that it takes at once. */
  capacity: number;
  version?: string;
  weight?: number;
  methods: readonly MethodInfo[];
}

/** Hears what happens to an endpoint. `availabilityChanged`: it became pickable, or stopped being so. */
export interface EndpointOwner {
  availabilityChanged(endpoint: Endpoint): void;
  stateChanged(endpoint: Endpoint): void;
}

/** A worker as the gate sees it: pickable, with capacity, in-flight count and health. Only the registry creates one. */
export class Endpoint {
  /** Unique among live endpoints. */
  readonly id: string;
  readonly link: EndpointLink;
  readonly transport: string;
  /** Where it is, for people. */
  readonly address: string;
  /** Grows with every endpoint that joins: the order of joining. */
  readonly sequence: number;
  readonly joinedAt: number;
  capacity = 1;
  weight = 1;
  version: string | undefined;
  readonly methods: Map<string, MethodInfo> = new Map();
  completed = 0;
  failed = 0;
  /** Sum of the durations of ended jobs, in ms. */
  busyMs = 0;
  /** Durations of its jobs, from the placement to the end. */
  readonly latency: LatencyWindow = new LatencyWindow();
  readonly #failures = new RecentFailures();
  readonly #owner: EndpointOwner;
  #inFlight = 0;
  #state: EndpointState = "ready";
  #isAvailable = false;

  constructor(id: string, sequence: number, joinedAt: number, link: EndpointLink, owner: EndpointOwner) {
    this.id = id;
    this.sequence = sequence;
    this.joinedAt = joinedAt;
    this.link = link;
    // Asked once: a watch reads them of every worker every second, and a link may have to look far for them.
    this.transport = link.transport;
    this.address = link.address;
    this.#owner = owner;
  }

  /** Jobs that it runs; a cancelled one counts until the worker has let go. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Ready, and with room for one more job. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Jobs that it could begin now, none of which would wait behind it. */
  get room(): number {
    return this.#isAvailable ? Math.min(this.capacity, this.#workerCapacity) - this.#inFlight : 0;
  }

  /** Tells whether somebody is there to do what it is sent. */
  get isManned(): boolean {
    return this.#state === "ready" && this.#workerCapacity > 0;
  }

  get #workerCapacity(): number {
    return this.link.workerCapacity?.() ?? this.capacity;
  }

  setState(state: EndpointState): void {
    // Who drains does not come back: its process is about to leave.
    if (state === this.#state || (this.#state === "draining" && state === "ready")) return;
    this.#state = state;
    this.refresh();
    this.#owner.stateChanged(this);
  }

  /** Takes the place that a job needs; `release` gives it back. */
  occupy(): void {
    this.#inFlight++;
    if (this.#inFlight >= this.capacity) this.refresh();
  }

  /** Gives back the place of a job that ran for `durationMs`; `now` is on the gate's clock. */
  release(durationMs: number, isSuccess: boolean, now: number): void {
    this.#inFlight--;
    if (isSuccess) this.completed++;
    else this.failed++;
    this.busyMs += durationMs;
    this.latency.record(durationMs, now);
    if (!this.#isAvailable) this.refresh();
  }

  /** How its latest jobs failed, the last one first; a bounded list. */
  get failures(): JobFailure[] {
    return this.#failures.latest();
  }

  noteFailure(failure: JobFailure): void {
    this.#failures.add(failure);
  }

  /** Looks again whether it is available, after its state, capacity or load changed. */
  refresh(): void {
    const isAvailable = this.#state === "ready" && this.#inFlight < this.capacity;
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#owner.availabilityChanged(this);
  }
}
