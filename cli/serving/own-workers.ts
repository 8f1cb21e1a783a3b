/** Handlers that `gate serve --worker` runs with the gate: in its process, or in one below it when they are watched. */
import type { Gate } from "unigate/gate";
import { createMemoryPair, GateError, type Logger } from "unigate/transport";
import type { JobObserver } from "unigate/worker";
import type { LoadedService } from "../load/load-services.ts";
import { localUrl } from "./open-gate.ts";
import { reloadOnChange } from "../supervise/reload-on-change.ts";
import { ChildExit, Supervisor } from "../supervise/supervisor.ts";
import { UserError } from "../user-error.ts";

/** The workers of a gate that leave with it. */
export interface OwnWorkers {
  methods: readonly string[];
  close(): Promise<void>;
  /** Ends them at once. */
  abandon(): void;
}

/** A gate that runs no worker of its own. */
export const noWorkers: OwnWorkers = { methods: [], close: async () => {}, abandon: () => {} };

/** What a worker inside the gate's process is given. */
interface WithinOptions {
  logger: Logger;
  observer?: JobObserver;
}

/** Serves loaded handlers inside the gate's process, over a memory connection. */
export async function serveWithin(gate: Gate, services: readonly LoadedService[], options: WithinOptions): Promise<OwnWorkers> {
  const { logger } = options;
  const { assembleWorker } = await import("./assemble-worker.ts");
  const assembled = assembleWorker(services, {
    ...options,
    id: `gate-${process.pid}`,
    key: gate.ownKey,
    // Of this worker's link there is nothing to tell: it comes and goes with the gate.
    logger: { ...logger, info: () => {}, warn: () => {} },
    open: async () => {
      const [mine, theirs] = createMemoryPair();
      gate.accept(theirs);
      return mine;
    },
  });
  try {
    await assembled.worker.start();
  } catch (error) {
    throw new UserError(`the gate refused ${services.map(({ file }) => file).join(", ")}: ${GateError.from(error).message}`);
  }
  return { methods: assembled.worker.methods, close: () => assembled.close(), abandon: () => {} };
}

/** Handlers files that are reloaded when they change. */
export interface Watched {
  files: readonly string[];
  /** The gate's config file: it may lie beside them, and is none of theirs. */
  config: string | undefined;
  isTraced: boolean;
  readonly note: (text: string) => void;
}

/** Serves handlers in a process of their own, which is replaced when they change: a module that was loaded once stays loaded. */
export async function serveWatched(gate: Gate, { files, config, isTraced, note }: Watched): Promise<OwnWorkers> {
  const url = localUrl(gate);
  if (url === undefined) throw new UserError("--worker with --watch needs a ZeroMQ, HTTP or gRPC transport in the config");
  const supervisor = new Supervisor({
    count: 1,
    graceMs: 30_000,
    note,
    env: { GATE_KEY: gate.ownKey },
    argv: () => ["worker", `--gate=${url}`, ...(isTraced ? ["--trace"] : []), "--", ...files],
  });
  const unwatch = reloadOnChange(supervisor, { files, note, ...(config === undefined ? {} : { except: config }) });
  const abandon = (): void => {
    unwatch();
    supervisor.kill();
  };
  try {
    await supervisor.start();
  } catch (error) {
    abandon();
    // The process has said itself what is wrong.
    if (error instanceof ChildExit) process.exit(error.code);
    throw error;
  }
  return {
    methods: gate.status.services().flatMap(({ methods }) => methods.map(({ name }) => name)),
    abandon,
    async close() {
      unwatch();
      await supervisor.stop();
    },
  };
}
