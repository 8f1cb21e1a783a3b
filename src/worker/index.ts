/** The door for workers and handlers files; it loads neither the gate nor a transport. */
export { GateError } from "../error/gate-error.ts";
export {
  defineService,
  type Executor,
  method,
  type Method,
  type MethodDefinition,
  type MethodOptions,
  type NamedInput,
  type Params,
  type ServiceDefinition,
} from "./define-service.ts";
export { createExecutorPool, type ExecutorPool } from "./executor-pool.ts";
export { currentJob, type HttpRequestInfo, type JobContext } from "./job-context.ts";
export type { JobObservation, JobObserver } from "./job-observer.ts";
export { type LoadedMethod, loadService, serviceOfModule } from "./loaded-method.ts";
export type { RawMethod } from "./raw-method.ts";
export { Reply, reply, type ReplyOptions } from "./reply.ts";
export type { StandardSchema } from "./standard-schema.ts";
export { createWorker, type Worker, type WorkerOptions } from "./worker.ts";
