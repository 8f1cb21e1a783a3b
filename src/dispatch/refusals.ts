import { closestName } from "../error/closest-name.ts";
import { GateError } from "../error/gate-error.ts";
import type { Target } from "./target.ts";

/** Nobody serves `name`, nor has. */
export function notFound(name: string, known: Iterable<string>): GateError {
  const closest = closestName(name, known);
  const hint = closest === undefined ? "`gate list` shows what is served" : `did you mean ${closest}?`;
  return new GateError("not_found", `no worker serves ${JSON.stringify(name)}; ${hint}`);
}

/** As many jobs wait as the route allows. */
export function queueFull(target: Target): GateError {
  const { name, route } = target;
  return new GateError(
    "resource_exhausted",
    `${route.queue} jobs wait for ${name} already, the bound of route "${route.pattern}"; try again later, add workers or raise its queue`,
    {
      details: { queue: route.queue, retryAfterMs: 1000 },
    },
  );
}

/** The route's strategy has a bug: only the job that it was asked for fails. */
export function strategyThrew({ route }: Target, error: unknown): GateError {
  return new GateError("internal", `the strategy of route "${route.pattern}" threw: ${GateError.from(error).message}`, { cause: error });
}
