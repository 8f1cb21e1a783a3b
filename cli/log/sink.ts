import { destination } from "pino";
import { type LogConfig, parseSize } from "unigate/transport";
import { UserError } from "../user-error.ts";

/** Bytes that wait for a slow disk or reader; lines beyond them are left out, and counted. */
const maxWaiting = 8 * 1024 * 1024;

/** Where lines of a log go: one after the other, after the callback that wrote them. */
export interface LogSink {
  write(line: string): void;
  /** `tell` hears how many lines were left out, once there is room again. */
  onLoss(tell: (lines: number) => void): void;
}

type Stream = ReturnType<typeof destination>;

/** The process's stderr; what waits is written when the process ends. */
export function openStderr(): LogSink {
  return toSink(destination({ dest: 2, sync: false, maxLength: maxWaiting }));
}

/** Numbered files, each up to its size; makes the folder. Rejects with a `UserError` when the first cannot be opened. */
export async function openFile(file: string, { fileSize, keep = 5 }: LogConfig): Promise<LogSink> {
  const { default: roll } = await import("pino-roll");
  const size = parseSize(fileSize ?? "10mb") as number;
  try {
    const limit = { count: keep - 1, removeOtherLogFiles: true };
    const stream = await roll({ file, size: `${size}b`, limit, mkdir: true, sync: false, maxLength: maxWaiting });
    await opened(stream);
    stream.on("error", (error: Error) => process.stderr.write(`the log file ${file} cannot be written: ${error.message}\n`));
    process.once("exit", () => stream.flushSync());
    return toSink(stream);
  } catch (error) {
    throw new UserError(
      `log.file ${JSON.stringify(file)} cannot be opened: ${(error as Error).message}`,
      "name a file that may be written",
    );
  }
}

function opened(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("ready", resolve);
    stream.once("error", reject);
  });
}

function toSink(stream: Stream): LogSink {
  return {
    write: (line) => void stream.write(line),
    onLoss(tell) {
      let lost = 0;
      stream.on("drop", () => lost++);
      stream.on("drain", () => {
        if (lost > 0) tell(lost);
        lost = 0;
      });
    },
  };
}
