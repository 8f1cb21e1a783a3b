/** The SDK of plain HTTP services: register one at a gate, and call one with types, through its instances. Loads no server. */
export { del, get, head, type HttpMethod, type HttpMethodOptions, patch, post, put } from "./http-method.ts";
export { registerService, type RegisterOptions, type RegisteredService } from "./register-service.ts";
export { service, type ServiceClient, type ServiceMethods } from "./service.ts";
export type { ServerOptions, ServiceOptions } from "./service-options.ts";
