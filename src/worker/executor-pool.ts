import type { Tinypool } from "tinypool";
import { GateError, type WireError } from "../error/gate-error.ts";
import { Metadata } from "../job/metadata.ts";
import type { JobContext } from "./job-context.ts";
import type { LoadedMethod } from "./loaded-method.ts";
import { Reply } from "./reply.ts";

/** Runs handlers away from the event loop, so that heartbeats go on while one computes. */
export interface ExecutorPool {
  /** Takes in the file that a service was loaded from: threads load it too. Throws for a method that cannot leave the loop. */
  add(file: string, service: string, methods: readonly LoadedMethod[]): void;
  execute(method: LoadedMethod, args: readonly unknown[], job: JobContext): unknown;
  close(): Promise<void>;
}

/** What travels to a thread or process: plain data only. */
export interface ExecutorTask {
  file: string;
  service: string;
  target: string;
  args: readonly unknown[];
  id: string;
  metadata: Metadata["flat"];
  timeLeftMs: number;
}

/** How a handler ended in its thread: with a value, a reply with headers, an error for its caller, or another exception. */
export type ExecutorResult =
  | { value: unknown; head?: Metadata["flat"] }
  | { error: WireError }
  | { thrown: { name: string; message: string; stack: string | undefined } };

/** Makes a pool; threads and processes start with the first job that wants one. */
export function createExecutorPool(): ExecutorPool {
  const places = new Map<string, { file: string; service: string }>();
  const pools = new Map<"thread" | "process", Promise<Tinypool>>();

  const poolOf = (executor: "thread" | "process"): Promise<Tinypool> => {
    let pool = pools.get(executor);
    if (pool === undefined) {
      pool = openPool(executor);
      pools.set(executor, pool);
    }
    return pool;
  };

  return {
    add(file, service, methods) {
      for (const { info, executor } of methods) {
        if (executor === "loop") continue;
        if (info.stream === true)
          throw new GateError(
            "invalid_argument",
            `${info.name} is a generator and wants a ${executor}; streams run in the event loop: remove its executor`,
          );
        places.set(info.name, { file, service });
      }
    },

    async execute({ info, executor }, args, job) {
      const place = places.get(info.name);
      if (place === undefined || executor === "loop") throw new GateError("internal", `${info.name} has no place in the pool`);
      const pool = await poolOf(executor);
      const task: ExecutorTask = { ...place, target: info.name, args, id: job.id, metadata: job.metadata.flat, timeLeftMs: job.timeLeft() };
      return unpack(await run(pool, task, job.signal));
    },

    async close() {
      for (const pool of pools.values()) await (await pool).destroy();
    },
  };
}

async function run(pool: Tinypool, task: ExecutorTask, signal: AbortSignal): Promise<ExecutorResult> {
  try {
    return (await pool.run(task, { signal })) as ExecutorResult;
  } catch (error) {
    // The pool ended the thread because the job was over, and says no more than that it was aborted.
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof Error)) throw error;
    if (error.message === "Worker exited unexpectedly")
      throw new GateError("unavailable", `the process that ran ${task.target} ended unexpectedly`, { cause: error });
    // What could not be passed on is named in the stack only.
    throw error.message === "" ? new Error(error.stack?.split("\n")[0] ?? error.name, { cause: error }) : error;
  }
}

function unpack(result: ExecutorResult): unknown {
  if ("error" in result) throw GateError.fromWire(result.error);
  if ("thrown" in result) throw Object.assign(new Error(result.thrown.message), result.thrown);
  return result.head === undefined ? result.value : new Reply(result.value, Metadata.fromFlat(result.head));
}

async function openPool(executor: "thread" | "process"): Promise<Tinypool> {
  const { Tinypool } = await import("tinypool");
  return new Tinypool({
    filename: new URL("./executor-entry.js", import.meta.url).href,
    runtime: executor === "thread" ? "worker_threads" : "child_process",
    // Without this a process has an empty environment.
    env: process.env as Record<string, string>,
    // Bytes stay bytes between processes too.
    serialization: "advanced",
  });
}
