import { writeFileSync } from "node:fs";
import type { Measured } from "./rounds.ts";
import type { Spread } from "./statistics.ts";

/** A part of the report: a table under a title. */
export interface Section {
  title: string;
  note: string;
  headings: string[];
  rows: string[][];
  /** What did not go as planned: skipped peers, rounds that do not count. */
  remarks?: string[];
}

/** The report as Markdown. */
export function reportOf(machine: string, sections: readonly Section[]): string {
  return [
    "# Speed",
    "",
    machine,
    "",
    ...sections.flatMap(({ title, note, headings, rows, remarks = [] }) => [
      `## ${title}`,
      "",
      note,
      "",
      ...table(headings, rows),
      "",
      ...remarks.flatMap((remark) => [`- ${remark}`]),
      ...(remarks.length > 0 ? [""] : []),
    ]),
  ].join("\n");
}

/** Saves a report beside the harness. */
export function save(text: string): void {
  writeFileSync(new URL("RESULTS.md", import.meta.url), text);
}

/** A figure with thousands set apart; a dash for what was not measured. */
export function figure(value: number | undefined, digits = 0): string {
  if (value === undefined) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }).replaceAll(",", " ");
}

/** A median with its ends. */
export function range(spread: Spread | undefined, unit = ""): string {
  if (spread === undefined) return "not measured";
  return `${figure(spread.median)}${unit && ` ${unit}`} (${figure(spread.least)}–${figure(spread.most)})`;
}

/** One remark for each contender that had rounds which do not count. */
export function remarksOn(measured: ReadonlyMap<string, Measured>, where = ""): string[] {
  return [...measured]
    .filter(([, { errors }]) => errors.length > 0)
    .map(
      ([name, { errors }]) => `${name}${where}: ${errors.length} invalid rounds left out; the first error: ${errors[0]?.split("\n")[0]}`,
    );
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)];
}
