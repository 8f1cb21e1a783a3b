import type { GateSettings } from "../config/parse-config.ts";
import { GateError } from "../error/gate-error.ts";
import { sharedBindings, sharedBindingText } from "../job/http-binding.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { Registry } from "../registry/registry.ts";
import { controlService, isControlTarget } from "./control-service.ts";
import type { Doors } from "./doors.ts";

/**
 * Every method that workers serve or have served, with the HTTP bindings that routes add, and those whose routes keep jobs for workers that
 * have yet to come.
 */
export function servedMethods(registry: Registry, { http: bound, routes }: Pick<GateSettings, "http" | "routes">): MethodInfo[] {
  const methods: MethodInfo[] = [];
  for (const [name, pool] of registry.pools) {
    if (isControlTarget(name)) continue;
    const http = [...(pool.info?.http ?? []), ...(bound.get(name) ?? [])];
    methods.push({ name, ...pool.info, ...(http.length > 0 ? { http } : {}) });
  }
  for (const { pattern, intake } of routes) {
    const http = bound.get(pattern) ?? [];
    const keepsJobs = intake !== undefined && intake.mode !== "live";
    if (keepsJobs && http.length > 0 && registry.pool(pattern) === undefined) methods.push({ name: pattern, http: [...http] });
  }
  return methods;
}

/** Throws for a method that no worker may serve here, or not together with the others. */
export function checkMethods(methods: readonly MethodInfo[], doors: Doors): void {
  const [shared] = sharedBindings(methods);
  if (shared !== undefined) throw new GateError("already_exists", `${shared.name}: ${sharedBindingText(shared)}`);
  for (const method of methods) {
    if (isControlTarget(method.name))
      throw new GateError("permission_denied", `${method.name}: the service name ${controlService} is the gate's own; choose another`);
    const refusal = doors.refusal(method);
    if (refusal !== undefined) throw new GateError("already_exists", `${method.name}: ${refusal}`);
  }
}
