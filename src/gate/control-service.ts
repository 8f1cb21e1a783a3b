import { GateError } from "../error/gate-error.ts";
import { type Job, methodOf, serviceOf } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { decodePayload, encodePayload } from "../protocol/payload.ts";
import type { EndpointLink, EndpointOffer } from "../registry/endpoint.ts";
import type { GateStatus } from "../transport/status.ts";

/** The gate's own service: what `gate list`, `gate info` and the rest call, on any transport. */
export const controlService = "Gate";

const nothing: JobControl = { cancel: () => {}, resume: () => {} };

type ControlMethod = (status: GateStatus, args: readonly unknown[]) => unknown;

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
};

/** Tells whether a target changes the gate, which not every caller may. */
export function isForAdmins(target: string): boolean {
  return serviceOf(target) === controlService && !Object.hasOwn(methods, methodOf(target));
}

/** What the gate's own service offers to the registry. */
export const controlOffer: EndpointOffer = {
  capacity: 10_000,
  methods: Object.keys(methods).map((name) => ({ name: `${controlService}.${name}`, idempotent: true })),
};

/** The gate as one of its own workers: it answers before `send` returns. */
export function createControlLink(status: GateStatus): EndpointLink {
  return {
    id: "gate",
    incarnation: "gate",
    transport: "memory",
    address: "this process",
    send(job: Job, sink: ReplySink): JobControl {
      try {
        const decoded = job.payload.length === 0 ? [] : decodePayload(job.payload, job.contentType);
        const method = methods[methodOf(job.target)] as ControlMethod;
        sink.end(encodePayload(method(status, Array.isArray(decoded) ? decoded : [decoded]), job.accept));
      } catch (error) {
        sink.fail(GateError.from(error, "internal"));
      }
      return nothing;
    },
  };
}
