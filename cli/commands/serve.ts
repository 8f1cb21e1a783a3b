import type { Gate } from "unigate/gate";
import type { Logger } from "unigate/transport";
import { announcement, listed, whatToTry } from "../serving/announce.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { writeCompiled } from "../compile-cache.ts";
import { loadConfig } from "../load/load-config.ts";
import type { LoadedService } from "../load/load-services.ts";
import { createLogger } from "../log/logger.ts";
import { openGate, reloadConfigOnChange } from "../serving/open-gate.ts";
import { noWorkers, type OwnWorkers, serveWatched, serveWithin } from "../serving/own-workers.ts";
import { untilStopped } from "../serving/stop-signals.ts";
import { traceJobs, traceOption } from "../serving/trace-jobs.ts";
import { survive } from "../serving/stray-rejections.ts";
import { boundYoungObjects } from "../serving/young-objects.ts";

/** `gate serve`: runs the gateway. */
export const serve: Command = defineCommand({
  name: "serve",
  summary:
    "Runs the gateway: on ./gate.config.ts when there is one, else on HTTP 127.0.0.1:9000, ZeroMQ 127.0.0.1:5555 and gRPC 127.0.0.1:50051.",
  options: {
    config: { type: "string", alias: "c", description: "config file; default ./gate.config.ts, else the embedded one", value: "FILE" },
    worker: { type: "string", description: "also serve this handlers file, inside the gate", isMany: true, value: "FILE" },
    ...traceOption,
    watch: { type: "boolean", description: "reload the config and the handlers when they change" },
    "log-level": { type: "string", description: "debug, info, warn or error; default $GATE_LOG, else info", value: "LEVEL" },
  },
  examples: ["gate serve", "gate serve -c gate.config.ts", "gate serve --worker ./handlers.ts --watch"],
  async run(context) {
    const isWatching = context.isSet("watch");
    // Whatever is wrong with a file is told before a door opens.
    const [loaded, services] = await Promise.all([
      loadConfig(context.text("config")),
      isWatching ? [] : loadHandlers(context.texts("worker")),
    ]);
    const logger = await createLogger(context.text("log-level"), "info", loaded.config.log);
    const gate = await openGate(loaded, logger);
    survive(logger);
    const workers = await openWorkers(context, gate, { config: loaded.file, services, logger });
    let unwatch = (): void => {};
    // Before the greeting: whoever waits for it may tell us to stop right after.
    const stopped = untilStopped({
      async drain() {
        const { open } = gate.status.info().jobs;
        if (open > 0) context.output.note(`finishing ${open === 1 ? "1 job" : `${open} jobs`}; Ctrl-C again stops now`);
        unwatch();
        await gate.drain();
        await workers.close();
      },
      abandon: () => workers.abandon(),
    });
    if (isWatching && loaded.file !== undefined) unwatch = reloadConfigOnChange(gate, loaded.file, context.output.note);
    context.output.note(announcement(gate, loaded.file, bodyOf(gate, workers.methods)));
    writeCompiled();
    boundYoungObjects();
    await stopped;
    process.exit();
  },
});

function bodyOf(gate: Gate, methods: readonly string[]): string[] {
  const hint = whatToTry(gate, methods);
  return methods.length === 0 ? ["  0 workers", ...hint] : [`  1 worker serves ${listed(methods)}`, "", ...hint];
}

async function loadHandlers(files: readonly string[]): Promise<LoadedService[]> {
  if (files.length === 0) return [];
  const { loadServices } = await import("../load/load-services.ts");
  return await loadServices(files);
}

async function openWorkers(
  context: CommandContext,
  gate: Gate,
  { config, services, logger }: { config: string | undefined; services: readonly LoadedService[]; logger: Logger },
): Promise<OwnWorkers> {
  const files = context.texts("worker");
  const isTraced = context.isSet("trace");
  if (files.length === 0) return noWorkers;
  try {
    if (context.isSet("watch")) return await serveWatched(gate, { files, config, isTraced, note: context.output.note });
    return await serveWithin(gate, services, { logger, ...(await traceJobs(isTraced)) });
  } catch (error) {
    await gate.close();
    throw error;
  }
}
