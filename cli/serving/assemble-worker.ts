import { createExecutorPool, createWorker, GateError, type Worker, type WorkerOptions } from "unigate/worker";
import { addToPool, type LoadedService } from "../load/load-services.ts";
import { UserError } from "../user-error.ts";

/** A worker with the threads and processes that its methods ask for. */
export interface AssembledWorker {
  worker: Worker;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a worker of loaded handlers files; it connects with `worker.start`. Throws a `UserError` for methods that cannot be served. */
export function assembleWorker(services: readonly LoadedService[], options: Omit<WorkerOptions, "services" | "execute">): AssembledWorker {
  const pool = createExecutorPool();
  addToPool(pool, services);
  const worker = make({
    ...options,
    services: services.map(({ service }) => service),
    execute: (method, args, job) => pool.execute(method, args, job),
  });
  return {
    worker,
    async drain() {
      await worker.drain();
      await pool.close();
    },
    async close() {
      await worker.close();
      await pool.close();
    },
  };
}

function make(options: WorkerOptions): Worker {
  try {
    return createWorker(options);
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
}
