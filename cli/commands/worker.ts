import { hostname } from "node:os";
import { resolve } from "node:path";
import { createExecutorPool, createWorker, loadService, type Worker } from "unigate/worker";
import { type Command, type CommandContext, defineCommand, gateOptions } from "../command.ts";
import { GateError } from "unigate/client";
import { loadServices } from "../load-services.ts";
import { createLogger } from "../logger.ts";
import { untilStopped } from "../stop-signals.ts";
import { ChildExit, Supervisor } from "../supervise/supervisor.ts";
import { watchFiles } from "../supervise/watch-files.ts";
import { UserError } from "../user-error.ts";

const defaultGraceMs = 30_000;

/** `gate worker`: serves files, in this process or in several supervised ones. */
export const worker: Command = defineCommand({
  name: "worker",
  summary: "Serves the exported functions of files through a gate.",
  positionals: [{ name: "files", description: "handlers files", isRequired: true, isMany: true }],
  options: {
    ...gateOptions,
    service: { type: "string", description: "name of the service; default the file's own, else its name", value: "NAME" },
    concurrency: { type: "number", description: "jobs at once; default 100", value: "N" },
    instances: { type: "number", description: "processes; a crashed one is started again", value: "N" },
    id: { type: "string", description: "name of the worker; default host and process id", value: "ID" },
    "worker-version": { type: "string", description: "version, for callers that send X-API-Version", value: "V" },
    weight: { type: "number", description: "share of jobs under weightedRoundRobin", value: "N" },
    watch: { type: "boolean", description: "reload when a file changes; running jobs finish on the old version" },
    "log-level": { type: "string", description: "debug, info, warn or error; default warn", value: "LEVEL" },
  },
  examples: ["gate worker ./handlers.ts", "gate worker ./handlers.ts --instances 4 --gate tcp://gate.example:5555"],
  async run(context) {
    const isSupervised = context.number("instances") !== undefined || context.isSet("watch");
    if (isSupervised) await supervise(context);
    else await serveHere(context);
  },
});

async function serveHere(context: CommandContext): Promise<void> {
  const startedAt = performance.now();
  const [loaded, logger] = await Promise.all([
    loadServices(context.texts("files"), context.text("service")),
    createLogger(context.text("log-level"), "warn"),
  ]);
  const pool = createExecutorPool();
  const instance = await open(async () => {
    for (const { file, service } of loaded) pool.add(resolve(file), service.name, loadService(service));
    return createWorker({
      services: loaded.map(({ service }) => service),
      execute: (method, args, job) => pool.execute(method, args, job),
      logger,
      ...defined({
        gate: context.text("gate"),
        id: context.text("id"),
        version: context.text("worker-version"),
        concurrency: context.number("concurrency"),
        weight: context.number("weight"),
      }),
    });
  });
  const stopped = untilStopped({
    async drain() {
      if (instance.inFlight > 0) context.output.note(`finishing ${instance.inFlight} jobs; Ctrl-C again leaves now`);
      await instance.drain();
      await pool.close();
    },
  });
  const waiting = setTimeout(
    () =>
      context.output.note(`no gate answers yet at ${context.text("gate") ?? process.env["GATE_URL"] ?? "tcp://127.0.0.1:5555"}; trying on`),
    1000,
  );
  const refused = instance.closed.catch((error: unknown) => {
    throw new UserError(`the gate refused this worker: ${GateError.from(error).message}`);
  });
  await Promise.race([instance.start().catch(() => refused), stopped]);
  clearTimeout(waiting);
  context.output.note(`serving ${instance.methods.join(", ")} as ${instance.id} (${Math.round(performance.now() - startedAt)} ms)`);
  process.send?.("serving");
  await Promise.race([refused.then(() => stopped), stopped]);
  // Handlers may have left timers behind; they have had their time.
  process.exit();
}

async function open(make: () => Promise<Worker>): Promise<Worker> {
  try {
    return await make();
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
}

async function supervise(context: CommandContext): Promise<void> {
  const files = context.texts("files");
  const count = context.number("instances") ?? 1;
  const name = context.text("id") ?? `${hostname()}-${process.pid}`;
  const supervisor = new Supervisor({
    count,
    graceMs: defaultGraceMs,
    note: context.output.note,
    argv: (slot) => ["worker", ...files, "--id", count === 1 ? name : `${name}-${slot}`, ...passedOn(context)],
  });
  const stopped = untilStopped({ drain: () => supervisor.stop() });
  await Promise.race([comeUp(supervisor), stopped]);
  process.send?.("serving");
  const unwatch = context.isSet("watch") ? watchFiles(files, () => void supervisor.reload()) : () => {};
  if (context.isSet("watch")) context.output.note(`watching ${files.join(", ")}`);
  await stopped;
  unwatch();
  process.exit();
}

async function comeUp(supervisor: Supervisor): Promise<void> {
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop();
    // The process has said itself what is wrong.
    if (error instanceof ChildExit) process.exit(error.code);
    throw error;
  }
}

function passedOn(context: CommandContext): string[] {
  return ["gate", "service", "concurrency", "worker-version", "weight", "log-level"].flatMap((name) => {
    const value = context.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
}

type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

function defined<Values extends Record<string, unknown>>(values: Values): Defined<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<Values>;
}
