import { stripVTControlCharacters } from "node:util";
import { renderToString } from "ink";
import type { Size } from "./layout.ts";
import { Screen } from "./screen.tsx";
import type { State } from "./state.ts";
import { themeFor } from "./theme.ts";

/** One frame as plain text, without a line of keys that nobody can press. */
export function frameText(state: State, size: Size): string {
  const frame = renderToString(<Screen state={state} size={size} theme={themeFor({ NO_COLOR: "1" })} />, { columns: size.columns });
  const lines = stripVTControlCharacters(frame).split("\n").slice(0, -1);
  return `${lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd()}\n`;
}
