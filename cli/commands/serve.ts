import { createGate, type Gate } from "unigate/gate";
import { createMemoryPair, GateError, type Logger } from "unigate/transport";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { type LoadedConfig, loadConfig } from "../load-config.ts";
import { createLogger } from "../logger.ts";
import { untilStopped } from "../stop-signals.ts";
import { watchFiles } from "../supervise/watch-files.ts";
import { UserError } from "../user-error.ts";

/** `gate serve`: runs the gateway. */
export const serve: Command = defineCommand({
  name: "serve",
  summary: "Runs the gateway: on ./gate.config.ts when there is one, else on HTTP 127.0.0.1:9000 and ZeroMQ 127.0.0.1:5555.",
  options: {
    config: { type: "string", alias: "c", description: "config file; default ./gate.config.ts, else the embedded one", value: "FILE" },
    worker: { type: "string", description: "also serve this handlers file, inside the gate", isMany: true, value: "FILE" },
    watch: { type: "boolean", description: "reload the config and the handlers when they change" },
    "log-level": { type: "string", description: "debug, info, warn or error; default info", value: "LEVEL" },
  },
  examples: ["gate serve", "gate serve -c gate.config.ts", "gate serve --worker ./handlers.ts --watch"],
  async run(context) {
    const [loaded, logger] = await Promise.all([loadConfig(context.text("config")), createLogger(context.text("log-level"), "info")]);
    const gate = createGate(loaded.config, { logger });
    await openDoors(gate);
    const files = context.texts("worker");
    const workers = await openWorkers(context, gate, files, logger).catch(async (error: unknown) => {
      await gate.close();
      throw error;
    });
    announce(context, gate, workers);
    const unwatch = context.isSet("watch") && loaded.file !== undefined ? watchConfig(context, gate, loaded, loaded.file) : () => {};
    await untilStopped({
      async drain() {
        const { open } = gate.status.info().jobs;
        if (open > 0) context.output.note(`finishing ${open} jobs; Ctrl-C again stops now`);
        unwatch();
        await gate.drain();
        await workers.close();
      },
    });
    process.exit();
  },
});

/** The workers that run with the gate, in its process or below it. */
interface OwnWorkers {
  methods: readonly string[];
  close(): Promise<void>;
}

async function openDoors(gate: Gate): Promise<void> {
  try {
    await gate.start();
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
}

async function openWorkers(context: CommandContext, gate: Gate, files: readonly string[], logger: Logger): Promise<OwnWorkers> {
  if (files.length === 0) return { methods: [], close: async () => {} };
  if (context.isSet("watch")) return await superviseWorkers(context, gate, files);
  const [{ createExecutorPool, createWorker, loadService }, { loadServices }, { resolve }] = await Promise.all([
    import("unigate/worker"),
    import("../load-services.ts"),
    import("node:path"),
  ]);
  const loaded = await loadServices(files);
  const pool = createExecutorPool();
  for (const { file, service } of loaded) pool.add(resolve(file), service.name, loadService(service));
  const worker = createWorker({
    services: loaded.map(({ service }) => service),
    id: `gate-${process.pid}`,
    logger,
    execute: (method, args, job) => pool.execute(method, args, job),
    open: async () => {
      const [mine, theirs] = createMemoryPair();
      gate.accept(theirs);
      return mine;
    },
  });
  try {
    await worker.start();
  } catch (error) {
    throw new UserError(`the gate refused ${files.join(", ")}: ${GateError.from(error).message}`);
  }
  return {
    methods: worker.methods,
    async close() {
      await worker.close();
      await pool.close();
    },
  };
}

/** Watched handlers run in a process of their own: a module that was loaded once cannot be loaded afresh in the same one. */
async function superviseWorkers(context: CommandContext, gate: Gate, files: readonly string[]): Promise<OwnWorkers> {
  const { Supervisor, ChildExit } = await import("../supervise/supervisor.ts");
  const address = gate.addresses.find(({ transport }) => transport === "zmq" || transport === "http");
  if (address === undefined) throw new UserError("--worker with --watch needs a ZeroMQ or HTTP transport in the config");
  const supervisor = new Supervisor({
    count: 1,
    graceMs: 30_000,
    note: context.output.note,
    argv: () => ["worker", ...files, "--gate", address.url],
  });
  try {
    await supervisor.start();
  } catch (error) {
    await gate.close();
    if (error instanceof ChildExit) process.exit(error.code);
    throw error;
  }
  const unwatch = watchFiles(files, () => void supervisor.reload());
  return {
    methods: gate.status.services().flatMap(({ methods }) => methods.map(({ name }) => name)),
    async close() {
      unwatch();
      await supervisor.stop();
    },
  };
}

function watchConfig(context: CommandContext, gate: Gate, loaded: LoadedConfig, file: string): () => void {
  let version = 0;
  return watchFiles([file], () => {
    version++;
    loadConfig(file, `?v=${version}`).then(
      ({ config }) => {
        gate.reload(config);
        context.output.note(`${loaded.file} reloaded; routes hold at once, transports after a restart`);
      },
      (error: unknown) => context.output.note(`${file} was not reloaded, the old one goes on: ${(error as Error).message}`),
    );
  });
}

function announce({ output }: CommandContext, gate: Gate, { methods }: OwnWorkers): void {
  const { version, workers } = gate.status.info();
  const ready = Math.round(performance.now());
  const width = Math.max(...gate.addresses.map(({ url }) => url.length));
  const lines = gate.addresses.map(({ url, purpose }) => `  ➜  ${url.padEnd(width)}  ${purpose}`);
  const http = gate.addresses.find(({ transport }) => transport === "http")?.url;
  output.note(`\n  gate ${version}  ready in ${ready} ms\n\n${lines.join("\n")}\n`);
  if (methods.length === 0) {
    output.note(`  ${workers.ready} workers. Add one: npx gate worker ./handlers.ts\n`);
    return;
  }
  output.note(`  ${workers.ready} worker serves ${methods.join(", ")}\n\n  Try:`);
  for (const line of suggestions(methods, http)) output.note(`    ${line}`);
  output.note("");
}

/** Three lines to try; for the counter of the first example, with arguments that work. */
function suggestions(methods: readonly string[], http: string | undefined): string[] {
  const [first = ""] = methods;
  const isCounter = methods.includes("counter.increment");
  const call = isCounter ? "npx gate call counter.increment visitors 2" : `npx gate call ${first}`;
  const curl = isCounter
    ? `curl -X POST ${http}/api/counter/increment -H 'content-type: application/json' -d '{"name":"visitors","amount":1}'`
    : `curl -X POST ${http}/call/${first} -H 'content-type: application/json' -d '[]'`;
  return [call, ...(http === undefined ? [] : [curl]), "npx gate worker ./my-handlers.ts"];
}
