import { GateError } from "../error/gate-error.ts";
import { type Job, methodOf } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { decodePayload, encodePayload } from "../protocol/payload.ts";
import type { EndpointLink, EndpointOffer } from "../registry/endpoint.ts";
import type { DrainStatus, GateStatus } from "../transport/status.ts";
import type { JobMethods } from "./job-methods.ts";
import type { Watch } from "./watch.ts";

/** The gate's own service: what `gate list`, `gate info` and the rest call, on any transport. */
export const controlService = "Gate";

/** The gate's name among its endpoints. */
export const controlId = "gate";

const ownPrefix = `${controlService}.`;

/** Tells whether a target is the gate's own; asked of every target for every update of a watch. */
export function isControlTarget(target: string): boolean {
  return target.startsWith(ownPrefix) && !target.includes(".", ownPrefix.length);
}

/** Its route, without a timeout: a watch lasts as long as its watcher. */
export const controlPattern: string = `${controlService}.*`;

const nothing: JobControl = { cancel: () => {}, resume: () => {} };

type ControlMethod = (status: ControlledGate, args: readonly unknown[]) => unknown;

/** The gate as its own service sees it. */
export interface ControlledGate extends GateStatus {
  /** Lets a worker finish what runs, and leave; throws `not_found`. */
  drain(worker: string): DrainStatus;
  readonly watch: Watch;
  readonly jobMethods: JobMethods;
}

const methods: Readonly<Record<string, ControlMethod>> = {
  info: (status) => status.info(),
  routes: (status) => status.routes(),
  services: (status) => status.services(),
  workers: (status) => status.workers(),
  queues: (status) => status.queues(),
  pools: (status) => status.pools(),
  explain: (status, [target, version]) => {
    if (typeof target !== "string") throw new GateError("invalid_argument", 'Gate.explain wants a target, such as "Service.method"');
    return status.explain(target, typeof version === "string" ? version : undefined);
  },
  explainJob: (status, [id]) => {
    if (typeof id !== "string")
      throw new GateError("invalid_argument", "Gate.explainJob wants the id of a job; a reply has it as x-request-id");
    return status.explainJob(id);
  },
  worker: (status, [id]) => status.worker(workerName("worker", id)),
  drain: (status, [id]) => status.drain(workerName("drain", id)),
};

/** Of jobs; each waits for the store. */
const jobMethods: readonly string[] = ["submit", "jobs", "job", "cancelJob", "retryJob", "replayJobs"];

const watchTarget = `${controlService}.watch`;

/** Methods that change the gate, or show what others have sent. */
const forAdmins: ReadonlySet<string> = new Set(
  ["drain", ...jobMethods.filter((name) => name !== "submit")].map((name) => `${controlService}.${name}`),
);

/** Tells whether a target is one that not every caller may call. */
export function isForAdmins(target: string): boolean {
  return forAdmins.has(target);
}

/** What the gate's own service offers to the registry. */
export const controlOffer: EndpointOffer = {
  capacity: 10_000,
  methods: [
    ...Object.keys(methods).map((name) => ({ name: `${controlService}.${name}`, idempotent: true })),
    ...jobMethods.map((name) => ({ name: `${controlService}.${name}` })),
    { name: watchTarget, stream: true },
  ],
};

function workerName(method: string, id: unknown): string {
  if (typeof id === "string") return id;
  throw new GateError("invalid_argument", `${controlService}.${method} wants the id of a worker; \`gate workers\` lists them`);
}

/** The gate as one of its own workers: it answers before `send` returns, but for jobs, which are in a store. */
export function createControlLink(gate: ControlledGate): EndpointLink {
  return {
    id: controlId,
    incarnation: controlId,
    transport: "memory",
    address: "this process",
    send(job: Job, sink: ReplySink): JobControl {
      try {
        const decoded = job.payload.length === 0 ? [] : decodePayload(job.payload, job.contentType);
        const args: readonly unknown[] = Array.isArray(decoded) ? decoded : [decoded];
        if (job.target === watchTarget) return gate.watch.open(args[0], job, sink);
        const ofJobs = gate.jobMethods[methodOf(job.target)];
        if (ofJobs !== undefined) {
          void ofJobs(args).then(
            (value) => answer(value, job, sink),
            (error: unknown) => sink.fail(GateError.from(error, "internal")),
          );
          return nothing;
        }
        const method = methods[methodOf(job.target)] as ControlMethod;
        answer(method(gate, args), job, sink);
      } catch (error) {
        sink.fail(GateError.from(error, "internal"));
      }
      return nothing;
    },
  };
}

function answer(value: unknown, job: Job, sink: ReplySink): void {
  sink.end(encodePayload(value, job.accept));
}
