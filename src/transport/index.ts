/** The door for those who write a transport, a carrier or a plugin: the seams, the session, and what they stand on. */
export { type Holder, type Permission, refusalOf } from "../access/keyring.ts";
export { configError, type ConfigFault } from "../config/fault.ts";
export { type Duration, parseDuration } from "../config/duration.ts";
export type { RouteConfig } from "../config/route-config.ts";
export type { LogConfig } from "../config/log-config.ts";
export { type Size, parseSize } from "../config/size.ts";
export { type Code, codes, isCode, isRetryable } from "../error/code.ts";
export { closestName } from "../error/closest-name.ts";
export { GateError, type GateErrorOptions, type WireError } from "../error/gate-error.ts";
export { Job, type JobInit, methodOf, serviceOf } from "../job/job.ts";
export { Metadata, type MetadataInit, type MetadataValue } from "../job/metadata.ts";
export { type BoundTarget, bindingForm, parseBinding, pathShape, sharedBindingText } from "../job/http-binding.ts";
export type { MethodInfo } from "../job/method-info.ts";
export type { JobControl, ReplySink } from "../job/reply.ts";
export type { KeptJobs } from "../jobs/kept-counts.ts";
export { type AsyncJobStatus, statusOf } from "../jobs/job-status.ts";
export type { JobQuery, JobStore, JobStoreConfig, JobStoreHost, JobStoreListener, Lease, TakenJob } from "../jobs/job-store.ts";
export { attemptsLost, deadlinePassed, isKeyTaken, keyTaken, storeFull } from "../jobs/store-refusals.ts";
export { type AsyncJobState, asyncJobStates, type NewJob, type StoredJob, type StoredReply } from "../jobs/stored-job.ts";
export { type Clock, systemClock, type Timer } from "../observe/clock.ts";
export { type Logger, type LogLevel, logLevels, silentLogger } from "../observe/logger.ts";
export { type Random, seededRandom, systemRandom } from "../observe/random.ts";
export { afterTurn } from "../observe/platform.ts";
export { bytesType, jsonType, msgpackType, textType } from "../protocol/content-type.ts";
export type { Plugin, PluginHooks, PluginHost, PluginRun } from "../plugin/plugin.ts";
export type { PageContent, PluginPage } from "../plugin/plugin-page.ts";
export { NumberMap } from "../protocol/number-map.ts";
export { readFrame, RecordView } from "../protocol/frame-reader.ts";
export { FrameWriter } from "../protocol/frame-writer.ts";
export { type Hello, type ServeDeclaration, type Welcome, unpackMessage } from "../protocol/messages.ts";
export { decodePayload, encodePayload } from "../protocol/payload.ts";
export { Flag, protocolVersion, RecordType } from "../protocol/record.ts";
export { SlotTable } from "../protocol/slot-table.ts";
export type { Endpoint, EndpointLink, EndpointOffer, EndpointState } from "../registry/endpoint.ts";
export type { Intake, IntakeMode } from "../webhook/intake.ts";
export type { Strategy } from "../strategy/strategy.ts";
export type { SignedRequest, Webhook } from "../webhook/webhook.ts";
export { certificateFault } from "./certificate-fault.ts";
export type { Connection, ConnectionHandler, Connector } from "./connection.ts";
export { parseGateUrl } from "./carriers.ts";
export { defaultGateKey, defaultGateUrl } from "./default-gate-url.ts";
export { IncomingJob, type IncomingOwner } from "./incoming-job.ts";
export { readJob, writeJob } from "./job-record.ts";
export { createMemoryPair } from "./memory.ts";
export { OutgoingJob, type OutgoingOwner } from "./outgoing-job.ts";
export { Outbox } from "./outbox.ts";
export type { Traffic } from "./traffic.ts";
export { Session } from "./session.ts";
export { shownUrl } from "./shown-url.ts";
export type { SessionHandler } from "./session-options.ts";
export type { Address } from "./address.ts";
export type { Door, GateHost, Page, Transport } from "./transport.ts";
export type {
  DrainStatus,
  Explanation,
  JobExplanation,
  GateInfo,
  GateStatus,
  PoolFigures,
  PoolStatus,
  QueueStatus,
  RouteStatus,
  ServiceStatus,
  WorkerDetail,
  WorkerStatus,
} from "./status.ts";
export type { GateEvent, PoolRow, RowChange, TargetRow, WatchUpdate, WorkerRow } from "./watch-update.ts";
export { type HeldWrite, writeInBurst } from "./write-burst.ts";
