import { closestName } from "../error/closest-name.ts";
import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { Target } from "./target.ts";

/** Nobody serves `name`, nor has. */
export function notFound(name: string, known: Iterable<string>): GateError {
  const closest = closestName(name, known);
  const hint = closest === undefined ? "`gate list` shows what is served" : `did you mean ${closest}?`;
  return new GateError("not_found", `no worker serves ${JSON.stringify(name)}; ${hint}`);
}

/** Why one more job cannot wait for `target`: as many wait as its route allows, or its payload has no room among all that wait. */
export function refusalToWait(target: Target, payloadBytes: number, roomBytes: number): GateError | undefined {
  if (target.queue.size >= target.route.queue) return queueFull(target);
  return payloadBytes > roomBytes ? memoryFull(target) : undefined;
}

function queueFull({ name, route }: Target): GateError {
  return new GateError(
    "resource_exhausted",
    `${route.queue} jobs wait for ${name} already, the bound of route "${route.pattern}"; try again later, add workers or raise its queue`,
    {
      details: { queue: route.queue, retryAfterMs: 1000 },
    },
  );
}

function memoryFull(target: Target): GateError {
  return new GateError(
    "resource_exhausted",
    `no room for the payload of one more job for ${target.name}: those that wait fill the gate's queueMemory; try again later, add workers or raise it`,
    { details: { retryAfterMs: 1000 } },
  );
}

/** A job has waited for a place as long as its route allows. */
export function noRoom({ name, route, hasLiveWorker }: Target): GateError {
  if (!hasLiveWorker) return new GateError("unavailable", `no worker of ${name} is alive, and none came in ${route.waitForRoomMs} ms`);
  return new GateError(
    "resource_exhausted",
    `every worker of ${name} was busy for ${route.waitForRoomMs} ms, the waitForRoom of route "${route.pattern}"; try again later or add workers`,
    { details: { retryAfterMs: 1000 } },
  );
}

/** The route's strategy has a bug: only the job that it was asked for fails. */
export function strategyThrew({ route }: Target, error: unknown): GateError {
  return new GateError("internal", `the strategy of route "${route.pattern}" threw: ${GateError.from(error).message}`, { cause: error });
}

/** The door that the caller came through has a bug: it ends this job only. */
export function sinkThrew({ target }: Job, error: unknown): GateError {
  return new GateError("internal", `the door of the caller of ${target} threw: ${GateError.from(error).message}`, { cause: error });
}
