import { type LogLevel, logLevels } from "../observe/logger.ts";
import { count, list, object, oneOf, type Shape, text, that } from "./shape.ts";
import { parseSize, type Size } from "./size.ts";

/** The log of `gate serve` and `gate dev`; a program that makes its own gate passes a logger instead. Takes a restart to change. */
export interface LogConfig {
  /** The least important lines that are written; default `"info"`. `--log-level` and `$GATE_LOG` go before it. */
  level?: LogLevel;
  /** Lines of JSON go there, not to stderr: `"log/gate"` makes `log/gate.1.log`, `log/gate.2.log`, … */
  file?: string;
  /** Where one file ends and the next begins; default `"10mb"`. */
  fileSize?: Size;
  /** Files that are kept, 2 at least; older ones are removed. Default 5. */
  keep?: number;
  /** Names of fields whose values are left out, besides `authorization`, `cookie`, `key`, `password`, `secret`, `token` and their like. */
  redact?: readonly string[];
}

/** What a config may say under `log`; each message is "problem; remedy". */
export const logShape: Shape = object(
  {
    optional: {
      level: oneOf(logLevels, "a level"),
      file: text('is not a path; write one such as "log/gate"', /./, 'is empty; write a path such as "log/gate"'),
      fileSize: that((value) => (parseSize(value) ?? 0) >= 1024, 'is not a size of 1 kb or more; write one such as "10mb"'),
      keep: count(2),
      redact: list(text("is not a name; write that of a field"), 'is not a list; write redact: ["ssn"]'),
    },
  },
  'is not an object; write log: { level: "warn" }',
);
