/** How important a line is, from the least. */
export type LogLevel = (typeof logLevels)[number];

/** Every level, from the least important. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

/**
 * The one logger. `fields` is plain data; a key named `key`, `token` or `authorization` must never be among it.
 *
 * The core writes to this interface and knows no logging library; the command line gives it pino.
 */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const ignore = (): void => {};

/** Drops every line: the default of a gate, client or worker that is embedded in a program. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
