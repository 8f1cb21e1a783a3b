/** The door for those who write a transport, a carrier or a plugin: the seams, the session, and what they stand on. */
export { configError, type ConfigFault } from "../config/fault.ts";
export { type Duration, parseDuration } from "../config/duration.ts";
export { type Size, parseSize } from "../config/size.ts";
export { type Code, codes, isCode, isRetryable } from "../error/code.ts";
export { GateError, type GateErrorOptions, type WireError } from "../error/gate-error.ts";
export { Job, type JobInit, methodOf, serviceOf } from "../job/job.ts";
export { Metadata, type MetadataInit, type MetadataValue } from "../job/metadata.ts";
export type { MethodInfo } from "../job/method-info.ts";
export type { JobControl, ReplySink } from "../job/reply.ts";
export { type Clock, systemClock, type Timer } from "../observe/clock.ts";
export { type Logger, silentLogger } from "../observe/logger.ts";
export { type Random, seededRandom, systemRandom } from "../observe/random.ts";
export { bytesType, jsonType, msgpackType, textType } from "../protocol/content-type.ts";
export type { Endpoint, EndpointLink, EndpointOffer, EndpointState } from "../registry/endpoint.ts";
export type { Connection, ConnectionHandler, Connector } from "./connection.ts";
export { createMemoryPair } from "./memory.ts";
export type { Address, Door, GateHost, Transport } from "./transport.ts";
export type { Explanation, GateInfo, GateStatus, QueueStatus, RouteStatus, ServiceStatus, WorkerStatus } from "./status.ts";
