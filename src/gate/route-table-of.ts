import type { GateSettings } from "../config/parse-config.ts";
import type { Route } from "../routing/route.ts";
import { RouteTable } from "../routing/route-table.ts";
import { controlPattern } from "./control-service.ts";

/** The gate's own service, what doors bring along, and the configured routes, which hold against both. */
export function routeTableOf({ routes, fallback }: GateSettings, doorRoutes: readonly Route[]): RouteTable {
  return new RouteTable([{ ...fallback, pattern: controlPattern, timeoutMs: Infinity }, ...doorRoutes, ...routes], fallback);
}
