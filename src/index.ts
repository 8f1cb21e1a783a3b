/** The front door for users: configs, callers and handlers. The gate itself is `unigate/gate`; transports are one sub-path each. */
export type { CallOptions, Client, ClientOptions } from "./client/client.ts";
export { connect } from "./client/connect.ts";
export type { Call } from "./client/call.ts";
export type { Remote, RemoteStream, RemoteValue } from "./client/remote.ts";
export type { JobsConfig } from "./config/jobs-config.ts";
export type { LogConfig } from "./config/log-config.ts";
export { memoryJobs, type MemoryJobsOptions } from "./jobs/memory-jobs.ts";
export { defineConfig, type GateConfig, type KeyConfig } from "./config/gate-config.ts";
export type { RouteConfig } from "./config/route-config.ts";
export { type Code, codes } from "./error/code.ts";
export { GateError, type GateErrorOptions } from "./error/gate-error.ts";
export { consistentHash, fifo, leastConnections, p2c, random, roundRobin, version, weightedRoundRobin } from "./strategy/index.ts";
export type { Balancer, Candidate, Outcome, Placement, Strategy } from "./strategy/index.ts";
export {
  createWorker,
  currentJob,
  defineService,
  type HttpRequestInfo,
  type JobContext,
  method,
  reply,
  type ServiceDefinition,
  type Worker,
  type WorkerOptions,
} from "./worker/index.ts";
