/** The door for tools that read configs. */
export { configError, type ConfigFault } from "./fault.ts";
export { defineConfig, type GateConfig } from "./gate-config.ts";
export type { RouteConfig } from "./route-config.ts";
export { type GateSettings, parseConfig } from "./parse-config.ts";
export { sharedBindings, sharedBindingText } from "../job/http-binding.ts";
export { RouteTable } from "../routing/route-table.ts";
