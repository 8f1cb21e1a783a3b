import { GateError } from "../error/gate-error.ts";
import { type Job, methodOf } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { decodePayload, encodePayload } from "../protocol/payload.ts";
import type { EndpointLink, EndpointOffer } from "../registry/endpoint.ts";
import type { DrainStatus, GateStatus } from "../transport/status.ts";
import type { Watch } from "./watch.ts";

/** The gate's own service: what `gate list`, `gate info` and the rest call, on any transport. */
export const controlService = "Gate";

/** Its route, without a timeout: a watch lasts as long as its watcher. */
export const controlPattern: string = `${controlService}.*`;

const nothing: JobControl = { cancel: () => {}, resume: () => {} };

type ControlMethod = (status: ControlledGate, args: readonly unknown[]) => unknown;

/** The gate as its own service sees it. */
export interface ControlledGate extends GateStatus {
  /** Lets a worker finish what runs, and leave; throws `not_found`. */
  drain(worker: string): DrainStatus;
  readonly watch: Watch;
}

const methods: Readonly<Record<string, ControlMethod>> = {
  info: (status) => status.info(),
  routes: (status) => status.routes(),
  services: (status) => status.services(),
  workers: (status) => status.workers(),
  queues: (status) => status.queues(),
  explain: (status, [target, version]) => {
    if (typeof target !== "string") throw new GateError("invalid_argument", 'Gate.explain wants a target, such as "Service.method"');
    return status.explain(target, typeof version === "string" ? version : undefined);
  },
  worker: (status, [id]) => status.worker(workerName("worker", id)),
  drain: (status, [id]) => status.drain(workerName("drain", id)),
};

const watchTarget = `${controlService}.watch`;

/** Methods that change the gate. */
const forAdmins: ReadonlySet<string> = new Set([`${controlService}.drain`]);

/** Tells whether a target changes the gate, which not every caller may. */
export function isForAdmins(target: string): boolean {
  return forAdmins.has(target);
}

/** What the gate's own service offers to the registry. */
export const controlOffer: EndpointOffer = {
  capacity: 10_000,
  methods: [
    ...Object.keys(methods).map((name) => ({ name: `${controlService}.${name}`, idempotent: true })),
    { name: watchTarget, stream: true },
  ],
};

function workerName(method: string, id: unknown): string {
  if (typeof id === "string") return id;
  throw new GateError("invalid_argument", `${controlService}.${method} wants the id of a worker; \`gate workers\` lists them`);
}

/** The gate as one of its own workers: it answers before `send` returns. */
export function createControlLink(gate: ControlledGate): EndpointLink {
  return {
    id: "gate",
    incarnation: "gate",
    transport: "memory",
    address: "this process",
    send(job: Job, sink: ReplySink): JobControl {
      try {
        const decoded = job.payload.length === 0 ? [] : decodePayload(job.payload, job.contentType);
        const args: readonly unknown[] = Array.isArray(decoded) ? decoded : [decoded];
        if (job.target === watchTarget) return gate.watch.open(args[0], job, sink);
        const method = methods[methodOf(job.target)] as ControlMethod;
        sink.end(encodePayload(method(gate, args), job.accept));
      } catch (error) {
        sink.fail(GateError.from(error, "internal"));
      }
      return nothing;
    },
  };
}
