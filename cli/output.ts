/** The only writer to stdout: results and nothing else. Everything for people goes to stderr through `note`. */
export interface Output {
  readonly isTerminal: boolean;
  /** One result: JSON, pretty on a terminal and on one line when piped; bytes as they are when piped. */
  result(value: unknown): void;
  /** One value of a stream, on a line of its own; resolves when the reader has room again. */
  item(value: unknown): Promise<void>;
  /** One line of text; resolves when the reader has room again. */
  line(text: string): Promise<void>;
  /** Rows under headings on a terminal, JSON when piped or when asked for. */
  table(headings: readonly string[], rows: readonly (readonly unknown[])[], value: unknown): void;
  /** A text on a terminal, its figures as JSON when piped or when asked for. */
  report(text: string, value: unknown): void;
  /** Text that was asked for: help, a version. */
  readonly print: (text: string) => void;
  /** Text for people, on stderr. */
  readonly note: (text: string) => void;
}

/** Makes the output of one command. `isJson` forces JSON where a terminal would get a table. */
export function createOutput(
  isJson: boolean,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  const isTerminal = stdout.isTTY;
  const line = (text: string): boolean => stdout.write(`${text}\n`);
  const untilRoom = async (hasRoom: boolean): Promise<void> => {
    if (!hasRoom) await new Promise((resolve) => stdout.once("drain", resolve));
  };
  /** False: the reader is slow. */
  const value = (one: unknown, isPretty: boolean): boolean => {
    if (!(one instanceof Uint8Array)) return line(toJson(one, isPretty));
    if (!isTerminal) return stdout.write(one);
    stderr.write(`(${one.length} bytes; pipe them to see them)\n`);
    return true;
  };
  return {
    isTerminal,
    result(one) {
      value(one, isTerminal);
    },
    item: (one) => untilRoom(value(one, false)),
    line: (text) => untilRoom(line(text)),
    table(headings, rows, data) {
      if (!isTerminal || isJson) line(toJson(data, isTerminal));
      else line(toColumns([headings, ...rows.map((row) => row.map(toCell))]));
    },
    report(text, data) {
      line(!isTerminal || isJson ? toJson(data, isTerminal) : text);
    },
    print(text) {
      stdout.write(text);
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
  };
}

/** A value as JSON text, on one line or pretty. */
export function toJson(value: unknown, isPretty: boolean): string {
  return JSON.stringify(value, plain, isPretty ? 2 : undefined) ?? "null";
}

/** What JSON has no word for: bytes as base64, big integers as digits (both as protobuf's JSON does), maps as objects, sets as lists. */
function plain(this: unknown, key: string, value: unknown): unknown {
  // `value` has been through `toJSON` already, which turns a Buffer into a list of numbers.
  const original = (this as Readonly<Record<string, unknown>>)[key];
  if (original instanceof Uint8Array) return Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString("base64");
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}

function toCell(value: unknown): string {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "–";
  return Array.isArray(value) ? value.join(" ") : typeof value === "string" ? value : JSON.stringify(value);
}

function toColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
