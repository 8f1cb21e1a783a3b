import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** A part of the report: rows under headings. */
export interface Section {
  title: string;
  note: string;
  headings: string[];
  rows: string[][];
}

/** Prints the report and saves it. */
export function report(sections: readonly Section[]): void {
  const peers = Object.entries(
    (JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { dependencies: Record<string, string> }).dependencies,
  ).filter(([name]) => name !== "unigate");
  const text = [
    "# Speed",
    "",
    `Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpus()[0]?.model.trim()}), Node.js ${process.version}; ` +
      `${peers
        .map(([name, version]) => `${name} ${version}`)
        .join(
          ", ",
        )}. Rounds of all contenders take turns; figures are medians with least–most. Machines differ and are noisy: compare the ratios.`,
    "",
    ...sections.flatMap(({ title, note, headings, rows }) => [`## ${title}`, "", note, "", ...table(headings, rows), ""]),
  ].join("\n");
  process.stdout.write(`${text}\n`);
  writeFileSync(new URL("RESULTS.md", import.meta.url), text);
}

/** A figure with thousands set apart. */
export function figure(value: number, digits = 0): string {
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }).replaceAll(",", " ");
}

/** Whether a target was reached. */
export function verdict(isMet: boolean, target: string): string {
  return isMet ? `met (${target})` : `MISSED (${target})`;
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)];
}
