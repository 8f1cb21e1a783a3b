import { hostname } from "node:os";
import { type Duration, parseDuration } from "unigate/transport";
import { GateError } from "unigate/worker";
import { listed } from "../announce.ts";
import { type AssembledWorker, assembleWorker } from "../assemble-worker.ts";
import { type Command, type CommandContext, defineCommand, gateOptions } from "../command.ts";
import { linkNotes } from "../link-notes.ts";
import { loadServices } from "../load-services.ts";
import { createLogger } from "../logger.ts";
import { untilStopped } from "../stop-signals.ts";
import { survive } from "../stray-rejections.ts";
import { reloadOnChange } from "../supervise/reload-on-change.ts";
import { ChildExit, Supervisor } from "../supervise/supervisor.ts";
import { UserError } from "../user-error.ts";

/** `gate worker`: serves files, in this process or in several supervised ones. */
export const worker: Command = defineCommand({
  name: "worker",
  summary: "Serves the exported functions of files through a gate.",
  positionals: [{ name: "file", description: "handlers file; every exported function is a method", isRequired: true, isMany: true }],
  options: {
    ...gateOptions,
    service: { type: "string", description: "name of the service; default the file's own, else its name", value: "NAME" },
    concurrency: { type: "number", description: "jobs at once; default 100", value: "N" },
    instances: { type: "number", description: "processes; a crashed one is started again", value: "N" },
    id: { type: "string", description: "name of the worker; default host and process id", value: "ID" },
    version: { type: "string", description: "version, for callers that send X-API-Version", value: "V" },
    weight: { type: "number", description: "share of jobs under weightedRoundRobin; default 1", value: "N" },
    watch: { type: "boolean", description: "reload when a file changes; running jobs finish on the old version" },
    grace: {
      type: "string",
      description: "time to finish for a process of --instances or --watch, before it is killed; default 30s",
      value: "TIME",
    },
    "log-level": { type: "string", description: "debug, info, warn or error; default $GATE_LOG, else warn", value: "LEVEL" },
  },
  examples: ["gate worker ./handlers.ts", "gate worker ./handlers.ts --instances 4 --gate tcp://gate.example:5555"],
  async run(context) {
    const isSupervised = context.number("instances") !== undefined || context.isSet("watch");
    if (isSupervised) await supervise(context);
    else await serveHere(context);
    // Handlers may have left timers behind; they have had their time.
    process.exit();
  },
});

async function serveHere(context: CommandContext): Promise<void> {
  const startedAt = performance.now();
  const { note } = context.output;
  const [services, logger] = await Promise.all([
    loadServices(context.texts("file"), context.text("service")),
    createLogger(context.text("log-level"), "warn"),
  ]);
  survive(logger);
  const assembled = assembleWorker(services, { logger: linkNotes(logger, note), ...identity(context) });
  let isToldToStop = false;
  const stopped = untilStopped({
    async drain() {
      isToldToStop = true;
      const { inFlight } = assembled.worker;
      if (inFlight > 0) note(`finishing ${inFlight === 1 ? "1 job" : `${inFlight} jobs`}; Ctrl-C again leaves now`);
      await assembled.drain();
    },
  });
  await Promise.race([announce(context, assembled, startedAt), stopped]);
  await Promise.race([untilLeft(assembled), stopped]);
  if (isToldToStop) return await stopped;
  note("drained: the gate asked this worker to leave");
  await assembled.close();
  // Whoever supervises us must not take this for a crash.
  if (process.send !== undefined) await new Promise((sent) => process.send?.("drained", sent));
}

async function announce({ output, text }: CommandContext, { worker: instance }: AssembledWorker, startedAt: number): Promise<void> {
  try {
    await instance.start();
  } catch (error) {
    throw refusal(error);
  }
  const gate = text("gate") ?? (process.env["GATE_URL"] || "tcp://127.0.0.1:5555");
  output.note(`serving ${listed(instance.methods)} at ${gate} as ${instance.id} (${Math.round(performance.now() - startedAt)} ms)`);
  process.send?.("serving");
}

/** Resolves when the worker has left; rejects when the gate turns it away for good. */
async function untilLeft({ worker: instance }: AssembledWorker): Promise<void> {
  try {
    await instance.closed;
  } catch (error) {
    throw refusal(error);
  }
}

function refusal(error: unknown): UserError {
  return new UserError(`the gate refused this worker: ${GateError.from(error).message}`, undefined, { cause: error });
}

async function supervise(context: CommandContext): Promise<void> {
  const files = context.texts("file");
  const { note } = context.output;
  const count = context.number("instances") ?? 1;
  const key = context.text("key");
  const name = context.text("id") ?? `${hostname()}-${process.pid}`;
  const supervisor = new Supervisor({
    count,
    graceMs: graceOf(context.text("grace") ?? "30s"),
    note,
    ...(key === undefined ? {} : { env: { GATE_KEY: key } }),
    argv: (slot) => ["worker", ...passedOn(context), "--id", count === 1 ? name : `${name}-${slot}`, "--", ...files],
  });
  const unwatch = context.isSet("watch") ? reloadOnChange(supervisor, { files, note }) : () => {};
  const stopped = untilStopped({
    drain() {
      unwatch();
      return supervisor.stop();
    },
    abandon: () => supervisor.kill(),
  });
  try {
    await Promise.race([supervisor.start(), stopped]);
  } catch (error) {
    await supervisor.stop();
    // The process has said itself what is wrong.
    if (error instanceof ChildExit) process.exit(error.code);
    throw error;
  }
  process.send?.("serving");
  if (context.isSet("watch")) note(`watching ${files.join(", ")}`);
  await Promise.race([supervisor.retired, stopped]);
}

function identity(context: CommandContext): {
  gate?: string;
  key?: string;
  id?: string;
  version?: string;
  concurrency?: number;
  weight?: number;
} {
  const given = {
    gate: context.text("gate"),
    key: context.text("key"),
    id: context.text("id"),
    version: context.text("version"),
    concurrency: context.number("concurrency"),
    weight: context.number("weight"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function passedOn(context: CommandContext): string[] {
  return ["gate", "service", "concurrency", "version", "weight", "log-level"].flatMap((name) => {
    const value = context.text(name);
    return value === undefined ? [] : [`--${name}=${value}`];
  });
}

function graceOf(text: Duration): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UserError(`--grace ${JSON.stringify(text)} is not a duration`, 'write one such as "30s"');
  return ms;
}
