import { shownUrl } from "unigate/transport";
import { GateError } from "unigate/worker";
import { listed } from "../serving/announce.ts";
import { type AssembledWorker, assembleWorker } from "../serving/assemble-worker.ts";
import { type Command, type CommandContext, defineCommand, gateOptions } from "../command.ts";
import type { Program } from "../exec/program.ts";
import { linkNotes } from "../serving/link-notes.ts";
import { type LoadedService, loadServices } from "../load/load-services.ts";
import { createLogger } from "../log/logger.ts";
import { untilStopped } from "../serving/stop-signals.ts";
import { survive } from "../serving/stray-rejections.ts";
import { graceOf, serveSupervised } from "../supervise/serve-supervised.ts";
import { traceJobs, traceOption } from "../serving/trace-jobs.ts";
import { UserError } from "../user-error.ts";

/** `gate worker`: serves files, in this process or in several supervised ones. */
export const worker: Command = defineCommand({
  name: "worker",
  summary: "Serves the exported functions of files, or any program, through a gate.",
  positionals: [
    { name: "file", description: "handlers file; every exported function is a method; with --exec, the program's arguments", isMany: true },
  ],
  options: {
    ...gateOptions,
    service: { type: "string", description: "name of the service; default the file's own, else its name", value: "NAME" },
    exec: { type: "string", description: "serve this program: a line of JSON in for each job, lines out", value: "PROGRAM" },
    method: { type: "string", description: "a method of a program that says nothing of itself", isMany: true, value: "NAME" },
    concurrency: { type: "number", description: "jobs at once; default 100, of a program 1", value: "N" },
    instances: { type: "number", description: "processes; a crashed one is started again", value: "N" },
    id: { type: "string", description: "name of the worker; default host and process id", value: "ID" },
    version: { type: "string", description: "version, for callers that send X-API-Version", value: "V" },
    weight: { type: "number", description: "share of jobs under weightedRoundRobin; default 1", value: "N" },
    ...traceOption,
    watch: { type: "boolean", description: "reload when a file changes; running jobs finish on the old version" },
    grace: {
      type: "string",
      description: "time to finish for a process of --instances, --watch or --exec, before it is killed; default 30s",
      value: "TIME",
    },
    "log-level": { type: "string", description: "debug, info, warn or error; default $GATE_LOG, else warn", value: "LEVEL" },
  },
  examples: [
    "gate worker ./handlers.ts",
    "gate worker ./handlers.ts --instances 4 --gate tcp://gate.example:5555",
    "gate worker --exec ./script.py",
    "gate worker --exec python3 script.py --instances 4",
  ],
  changesGate: () => true,
  async run(context) {
    checkWork(context);
    const isSupervised = context.number("instances") !== undefined || context.isSet("watch");
    if (isSupervised) await serveSupervised(context);
    else await serveHere(context);
    // Handlers may have left timers behind; they have had their time.
    process.exit();
  },
});

async function serveHere(context: CommandContext): Promise<void> {
  const startedAt = performance.now();
  const { note } = context.output;
  const [{ services, program }, logger] = await Promise.all([loadWork(context), createLogger(context.text("log-level"), "warn")]);
  survive(logger);
  const ofProgram = program === undefined ? {} : { concurrency: 1 };
  const observer = await traceJobs(context.isSet("trace"));
  const assembled = assembleWorker(services, { logger: linkNotes(logger, note), ...ofProgram, ...observer, ...identity(context) });
  let isToldToStop = false;
  const stopped = untilStopped({
    async drain() {
      isToldToStop = true;
      const { inFlight } = assembled.worker;
      if (inFlight > 0) note(`finishing ${inFlight === 1 ? "1 job" : `${inFlight} jobs`}; Ctrl-C again leaves now`);
      await leave(assembled, program, graceOf(context));
    },
    abandon: () => program?.kill(),
  });
  // Whatever ends us, the program is to end with us.
  process.once("exit", () => program?.kill());
  await Promise.race([announce(context, assembled, startedAt), stopped]);
  await Promise.race([untilLeft(assembled), stopped]);
  if (isToldToStop) return await stopped;
  note("drained: the gate asked this worker to leave");
  await leave(assembled, program, graceOf(context));
  // Whoever supervises us must not take this for a crash.
  if (process.send !== undefined) await new Promise((sent) => process.send?.("drained", sent));
}

/** Lets the running jobs finish; a program that does not, or that stays then, is killed. */
async function leave(assembled: AssembledWorker, program: Program | undefined, graceMs: number): Promise<void> {
  const timer = setTimeout(() => program?.kill(), graceMs);
  await assembled.drain();
  await program?.stop();
  clearTimeout(timer);
}

function checkWork({ texts, text }: CommandContext): void {
  if (text("exec") === undefined && texts("file").length === 0)
    throw new UserError("FILE is missing", "name a handlers file, or a program with --exec");
  if (text("exec") === undefined && texts("method").length > 0) throw new UserError("--method is of --exec; a file exports its methods");
}

async function loadWork(context: CommandContext): Promise<{ services: LoadedService[]; program?: Program }> {
  const command = context.text("exec");
  const service = context.text("service");
  if (command === undefined) return { services: await loadServices(context.texts("file"), service) };
  const { loadProgram } = await import("../exec/load-program.ts");
  const { note } = context.output;
  return await loadProgram({
    command,
    args: context.texts("file"),
    methods: context.texts("method"),
    service,
    graceMs: graceOf(context),
    note,
  });
}

async function announce({ output, gate }: CommandContext, { worker: instance }: AssembledWorker, startedAt: number): Promise<void> {
  try {
    await instance.start();
  } catch (error) {
    throw refusal(error);
  }
  output.note(
    `serving ${listed(instance.methods)} at ${shownUrl(gate().url)} as ${instance.id} (${Math.round(performance.now() - startedAt)} ms)`,
  );
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

function identity(context: CommandContext): {
  gate?: string;
  key?: string;
  id?: string;
  version?: string;
  concurrency?: number;
  weight?: number;
} {
  const { url: gate, key } = context.gate();
  const given = {
    gate,
    key,
    id: context.text("id"),
    version: context.text("version"),
    concurrency: context.number("concurrency"),
    weight: context.number("weight"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
