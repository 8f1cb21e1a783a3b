import { type LogConfig, type Logger, type LogLevel, logLevels } from "unigate/transport";
import { readableLine } from "./readable-line.ts";
import { redactor } from "./redact.ts";
import type { LogSink } from "./sink.ts";
import { UserError } from "../user-error.ts";

type WriteLine = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Makes the log of a command: readable on a terminal, JSON lines elsewhere. `named` is the user's --log-level.
 *
 * A line leaves after the callback that logged it, so that no slow disk or reader holds up the event loop; what is left then is written
 * when the process ends. Rejects with a `UserError` for an unknown level, or a file that cannot be opened.
 */
export async function createLogger(named: string | undefined, fallback: LogLevel, config: LogConfig = {}): Promise<Logger> {
  const text = named ?? (process.env["GATE_LOG"] || config.level || fallback);
  const level = logLevels.find((one) => one === text);
  if (level === undefined) throw new UserError(`log level ${JSON.stringify(text)} is not one of ${logLevels.join(", ")}`);
  const { openFile, openStderr } = await import("./sink.ts");
  const sink = config.file === undefined ? openStderr() : await openFile(config.file, config);
  const isReadable = config.file === undefined && process.stderr.isTTY;
  const write = isReadable ? readableLines(sink) : await jsonLines(sink);
  sink.onLoss((lines) => write("warn", "lines of this log were left out: they came faster than they could be written", { lines }));
  const redact = redactor(config.redact);
  const logAt = (severity: LogLevel): Logger["info"] => {
    if (logLevels.indexOf(severity) < logLevels.indexOf(level)) return () => {};
    return (message, fields = {}) => write(severity, redact.text(message), redact.fields(fields));
  };
  return { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
}

function readableLines(sink: LogSink): WriteLine {
  return (level, message, fields) => sink.write(readableLine(level, message, fields));
}

async function jsonLines(sink: LogSink): Promise<WriteLine> {
  const { pino } = await import("pino");
  const log = pino({ level: "debug" }, sink);
  return (level, message, fields) => log[level](fields, message);
}
