/** The only writer to stdout: results and nothing else. Everything for people goes to stderr through `note`. */
export interface Output {
  readonly isTerminal: boolean;
  /** One result: JSON, pretty on a terminal and on one line when piped. */
  result(value: unknown): void;
  /** One value of a stream, on a line of its own; resolves when the reader has room again. */
  item(value: unknown): Promise<void>;
  /** Rows under headings on a terminal, JSON when piped or when asked for. */
  table(headings: readonly string[], rows: readonly (readonly unknown[])[], value: unknown): void;
  /** Text for people, on stderr. */
  readonly note: (text: string) => void;
}

/** Makes the output of one command. `isJson` forces JSON on a terminal. */
export function createOutput(
  isJson: boolean,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  const isTerminal = stdout.isTTY;
  const line = (text: string): boolean => stdout.write(`${text}\n`);
  return {
    isTerminal,
    result(value) {
      if (value instanceof Uint8Array) {
        if (isTerminal) stderr.write(`(${value.length} bytes; pipe them to see them)\n`);
        else stdout.write(value);
      } else line(toJson(value, isTerminal));
    },
    async item(value) {
      if (!line(toJson(value, false))) await new Promise((resolve) => stdout.once("drain", resolve));
    },
    table(headings, rows, value) {
      if (!isTerminal || isJson) line(toJson(value, isTerminal));
      else line(toColumns([headings, ...rows.map((row) => row.map(toCell))]));
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
  };
}

function toJson(value: unknown, isPretty: boolean): string {
  return JSON.stringify(value === undefined ? null : value, undefined, isPretty ? 2 : undefined);
}

function toCell(value: unknown): string {
  if (value === undefined || value === "") return "–";
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
