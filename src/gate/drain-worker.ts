import type { Registry } from "../registry/registry.ts";
import type { DrainStatus } from "../transport/status.ts";
import { findWorker } from "./gate-status.ts";

/** Gives the worker no more jobs, and asks it to leave when the last has ended; throws `not_found`. */
export function drainWorker(registry: Registry, id: string): DrainStatus {
  const endpoint = findWorker(registry, id);
  endpoint.setState("draining");
  endpoint.link.askToDrain?.();
  return { id, inFlight: endpoint.inFlight, isAsked: endpoint.link.askToDrain !== undefined };
}
