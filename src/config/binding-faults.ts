import { type BoundTarget, parseBinding, sharedBindings } from "../job/http-binding.ts";
import type { ConfigFault } from "./fault.ts";

/** What the routes of a config bind, as far as it is well-formed. */
export function boundTargets(routes: unknown): BoundTarget[] {
  if (typeof routes !== "object" || routes === null) return [];
  return Object.entries(routes).flatMap(([name, route]: [string, { http?: unknown } | null]) => {
    const http = [route?.http].flat().filter((text) => typeof text === "string" && parseBinding(text) !== undefined);
    return http.length === 0 ? [] : [{ name, http: http as string[] }];
  });
}

/** Two targets on one path: the second is the fault. */
export function bindingFaults(bound: readonly BoundTarget[]): ConfigFault[] {
  return sharedBindings(bound).map(({ name, binding, holder }) => ({
    path: `routes[${JSON.stringify(name)}].http`,
    problem: `${JSON.stringify(binding)} is bound to ${holder} too`,
    remedy: "give one of them another path",
  }));
}
