/** What a pool's thread or process runs: it loads the handlers file once and calls one method per task. */
import { pathToFileURL } from "node:url";
import { GateError } from "../error/gate-error.ts";
import { Metadata } from "../job/metadata.ts";
import type { ExecutorResult, ExecutorTask } from "./executor-pool.ts";
import { InputStream } from "./input-stream.ts";
import { type JobContext, runAsJob } from "./job-context.ts";
import { type LoadedMethod, loadService, serviceOfModule } from "./loaded-method.ts";

const loaded = new Map<string, Promise<Map<string, LoadedMethod>>>();

/** Runs one task; called by tinypool. */
export default async function runTask(task: ExecutorTask): Promise<ExecutorResult> {
  try {
    const methods = await load(task);
    const method = methods.get(task.target) as LoadedMethod;
    const context = toContext(task);
    return { value: await runAsJob(context, () => method.call(task.args, context)) };
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    const known = GateError.from(error);
    return {
      error: GateError.is(error) ? known.toWire() : new GateError(known.code, known.message, { details: { error: name } }).toWire(),
    };
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
  return {
    id: task.id,
    target: task.target,
    metadata: Metadata.fromFlat(task.metadata),
    signal: new AbortController().signal,
    timeLeft: () => Math.max(0, task.timeLeftMs - (performance.now() - startedAt)),
    http: undefined,
    input: InputStream.empty(),
    head: () => {
      throw new GateError("failed_precondition", "head() is not there in a thread; return reply(…) instead");
    },
  };
}
