import type { MethodInfo } from "../job/method-info.ts";
import { serviceOf } from "../job/job.ts";
import type { Registry } from "../registry/registry.ts";
import { controlService } from "./control-service.ts";

/** Every method that a worker serves or has served, with its HTTP bindings: `http` has those of the config. */
export function knownMethods(registry: Registry, http: ReadonlyMap<string, readonly string[]>): MethodInfo[] {
  const methods: MethodInfo[] = [];
  for (const [name, pool] of registry.pools) {
    if (serviceOf(name) === controlService) continue;
    const bindings = [...(pool.info?.http ?? []), ...(http.get(name) ?? [])];
    methods.push({ name, ...pool.info, ...(bindings.length > 0 ? { http: bindings } : {}) });
  }
  return methods;
}
