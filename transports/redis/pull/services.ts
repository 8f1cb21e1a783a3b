import {
  type Endpoint,
  type EndpointLink,
  GateError,
  type GateHost,
  type Job,
  type JobControl,
  type MethodInfo,
  type ReplySink,
} from "unigate/transport";
import type { Participant } from "../participant.ts";
import { DeadCounts } from "./dead-counts.ts";
import type { QueuedJobs } from "./queued-jobs.ts";

/** Jobs of one gate that may wait or run; far beyond what streams are allowed to hold, which is what refuses them. */
const maxJobs = 2 ** 20;

/** The services that workers take jobs of by themselves: to the gate, each is one endpoint that always has room. */
export class Services {
  readonly #gate: Pick<GateHost, "join" | "leave" | "offer" | "logger">;
  readonly #participant: Participant;
  readonly #jobs: QueuedJobs;
  readonly #endpoints = new Map<string, { endpoint: Endpoint; methods: string }>();

  constructor(gate: Pick<GateHost, "join" | "leave" | "offer" | "logger">, participant: Participant, jobs: QueuedJobs) {
    this.#gate = gate;
    this.#participant = participant;
    this.#jobs = jobs;
    participant.handle({ tableChanged: () => this.follow() });
  }

  /** Joins and leaves, until the gate knows what the table tells. */
  follow(): void {
    const { catalogue } = this.#participant.table;
    for (const [service, { endpoint }] of this.#endpoints) {
      if (catalogue.has(service)) continue;
      this.#endpoints.delete(service);
      this.#gate.leave(endpoint);
    }
    for (const [service, methods] of catalogue) {
      try {
        this.#take(service, methods);
      } catch (error) {
        this.#gate.logger.warn("a service in Redis cannot be served here", { service, reason: GateError.from(error).message });
      }
    }
  }

  close(): void {
    for (const { endpoint } of this.#endpoints.values()) this.#gate.leave(endpoint);
    this.#endpoints.clear();
  }

  #take(service: string, methods: readonly MethodInfo[]): void {
    const known = this.#endpoints.get(service);
    const names = JSON.stringify(methods);
    if (known?.methods === names) return;
    const offer = { capacity: maxJobs, methods };
    if (known === undefined) {
      const link = new ServiceLink(service, this.#participant, this.#jobs, methods);
      this.#endpoints.set(service, { endpoint: this.#gate.join(link, offer), methods: names });
      return;
    }
    (known.endpoint.link as ServiceLink).learn(methods);
    known.methods = names;
    this.#gate.offer(known.endpoint, offer);
  }
}

/** The way to whichever worker of one service has room next. */
class ServiceLink implements EndpointLink {
  readonly id: string;
  readonly incarnation = "";
  readonly transport = "redis";
  readonly address: string;
  readonly #service: string;
  readonly #participant: Participant;
  readonly #jobs: QueuedJobs;
  readonly #idempotent = new Set<string>();
  readonly #dead: DeadCounts;

  constructor(service: string, participant: Participant, jobs: QueuedJobs, methods: readonly MethodInfo[]) {
    this.id = `redis-${service}`;
    this.address = `${participant.settings.address.label} ${participant.keys.jobs(service)}`;
    this.#service = service;
    this.#participant = participant;
    this.#jobs = jobs;
    this.#dead = new DeadCounts(participant, service);
    this.learn(methods);
  }

  workerCapacity(): number {
    let capacity = 0;
    for (const { services = [], capacity: own = 1 } of this.#participant.table.members.values())
      if (services.includes(this.#service)) capacity += own;
    return capacity;
  }

  deadByTarget(): ReadonlyMap<string, number> {
    return this.#dead.latest();
  }

  learn(methods: readonly MethodInfo[]): void {
    this.#idempotent.clear();
    for (const { name, idempotent } of methods) if (idempotent === true) this.#idempotent.add(name);
  }

  send(job: Job, sink: ReplySink): JobControl {
    return this.#jobs.send(job, this.#service, job.idempotent || this.#idempotent.has(job.target), sink);
  }
}
