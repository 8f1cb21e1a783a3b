import { z } from "zod";
import { type LogLevel, logLevels } from "../observe/logger.ts";
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

type Loose<Config> = { [Key in keyof Config]?: Config[Key] | undefined };

// Each message is "problem; remedy".
const shape = z.strictObject(
  {
    level: z.enum(logLevels, `is not a level; known are ${logLevels.join(", ")}`).optional(),
    file: z.string('is not a path; write one such as "log/gate"').min(1, 'is empty; write a path such as "log/gate"').optional(),
    fileSize: z
      .custom<Size>((value) => (parseSize(value) ?? 0) >= 1024, 'is not a size of 1 kb or more; write one such as "10mb"')
      .optional(),
    keep: z.int("is not a whole number; write 2 or more").min(2, "is too small; write 2 or more").optional(),
    redact: z.array(z.string("is not a name; write that of a field"), 'is not a list; write redact: ["ssn"]').optional(),
  },
  'is not an object; write log: { level: "info" }',
);

/** What a config may say under `log`. */
export const logShape: z.ZodType<Loose<LogConfig>> = shape;
/** The keys that it may have. */
export const logKeys: readonly string[] = Object.keys(shape.shape);
