import { announcement, whatToTry } from "../serving/announce.ts";
import { type Command, defineCommand } from "../command.ts";
import { startDevWorkers } from "../serving/dev-workers.ts";
import { loadConfig } from "../load/load-config.ts";
import { createLogger } from "../log/logger.ts";
import { localUrl, openGate, reloadConfigOnChange } from "../serving/open-gate.ts";
import { untilStopped } from "../serving/stop-signals.ts";
import { traceOption } from "../serving/trace-jobs.ts";
import { UserError } from "../user-error.ts";

/** `gate dev`: a gate, a worker for each file, and a watch over all of them, in one terminal. */
export const dev: Command = defineCommand({
  name: "dev",
  summary: "Runs a gate and a worker for each file in one terminal, reloads what changes, and starts again what crashes.",
  positionals: [{ name: "file", description: "handlers file; every exported function is a method", isRequired: true, isMany: true }],
  options: {
    config: { type: "string", alias: "c", description: "config file; default ./gate.config.ts, else the embedded one", value: "FILE" },
    ...traceOption,
    "log-level": { type: "string", description: "debug, info, warn or error; default $GATE_LOG, else warn", value: "LEVEL" },
  },
  examples: ["gate dev ./handlers.ts", "gate dev ./greeter.ts ./images.ts -c gate.config.ts"],
  async run({ text, texts, isSet, output }) {
    const { note } = output;
    const files = texts("file");
    const loaded = await loadConfig(text("config"));
    const logger = await createLogger(text("log-level"), "warn", loaded.config.log);
    const gate = await openGate(loaded, logger);
    const url = localUrl(gate);
    if (url === undefined) {
      await gate.close();
      throw new UserError("gate dev needs a ZeroMQ, HTTP or gRPC transport in the config");
    }
    const workers = startDevWorkers({ files, gate: url, key: gate.ownKey, config: loaded.file, isTraced: isSet("trace"), note });
    const unwatch = loaded.file === undefined ? () => {} : reloadConfigOnChange(gate, loaded.file, note);
    const stopped = untilStopped({
      async drain() {
        unwatch();
        const { open } = gate.status.info().jobs;
        if (open > 0) note(`finishing ${open === 1 ? "1 job" : `${open} jobs`}; Ctrl-C again stops now`);
        await gate.drain();
        await workers.drain();
      },
      abandon: () => workers.kill(),
    });
    // After the handlers of signals: whoever waits for the greeting may tell us to stop right after.
    note(announcement(gate, loaded.file, startOf(files)));
    await Promise.race([workers.settled, stopped]);
    const methods = gate.status.services().flatMap((service) => service.methods.map(({ name }) => name));
    if (methods.length > 0) note(["", ...whatToTry(gate, methods), ""].join("\n"));
    await stopped;
    process.exit();
  },
});

function startOf(files: readonly string[]): string[] {
  return [`  ${files.length === 1 ? "1 worker" : `${files.length} workers`}, started again when a source changes; Ctrl-C stops everything`];
}
