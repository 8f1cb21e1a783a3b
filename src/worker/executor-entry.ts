/** What a pool's thread or process runs: it loads the handlers file once and calls one method per task. */
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { GateError } from "../error/gate-error.ts";
import { Metadata } from "../job/metadata.ts";
import type { ExecutorResult, ExecutorTask } from "./executor-pool.ts";
import { httpRequestOf } from "./http-request.ts";
import { InputStream } from "./input-stream.ts";
import { enterJob, type JobContext } from "./job-context.ts";
import { type LoadedMethod, loadService, serviceOfModule } from "./loaded-method.ts";
import { Reply } from "./reply.ts";

/** Tasks that are inside their handler. */
let running = 0;

if (isMainThread) {
  // Ctrl-C reaches every process of a terminal; this one goes when its worker has drained, and with it.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit());
} else {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    // It would end the thread without a word, and the job would wait for its deadline.
    if (running > 0) throw new Error(`process.exit(${code ?? ""}) was called on a thread`);
    return exit(code);
  };
}

const loaded = new Map<string, Promise<Map<string, LoadedMethod>>>();

/** Runs one task; called by tinypool. */
export default async function runTask(task: ExecutorTask): Promise<ExecutorResult> {
  running++;
  try {
    const methods = await load(task);
    const method = methods.get(task.target) as LoadedMethod;
    const context = toContext(task);
    enterJob(context);
    const value = await method.call(task.args, context);
    return value instanceof Reply ? { value: value.body, head: value.head.flat } : { value };
  } catch (error) {
    if (GateError.is(error)) return { error: error.toWire() };
    if (error instanceof Error) return { thrown: { name: error.name, message: error.message, stack: error.stack } };
    return { thrown: { name: typeof error, message: String(error), stack: undefined } };
  } finally {
    running--;
  }
}

function load({ file, service }: ExecutorTask): Promise<Map<string, LoadedMethod>> {
  const key = `${service}@${file}`;
  let methods = loaded.get(key);
  if (methods === undefined) {
    methods = import(pathToFileURL(file).href).then(
      (module: Readonly<Record<string, unknown>>) =>
        new Map(loadService(serviceOfModule(module, service)).map((method) => [method.info.name, method])),
    );
    loaded.set(key, methods);
  }
  return methods;
}

/** The job as far as it can follow into a thread: aborting it ends the thread itself. */
function toContext(task: ExecutorTask): JobContext {
  const startedAt = performance.now();
  const metadata = Metadata.fromFlat(task.metadata);
  return {
    id: task.id,
    target: task.target,
    metadata,
    signal: new AbortController().signal,
    timeLeft: () => Math.max(0, task.timeLeftMs - (performance.now() - startedAt)),
    http: httpRequestOf(metadata),
    input: InputStream.empty(),
    head: () => {
      throw new GateError("failed_precondition", "head() is not there in a thread; return reply(…) instead");
    },
  };
}
