import { stripVTControlCharacters } from "node:util";
import { renderToString } from "ink";
import type { Size } from "../../../cli/top/layout.ts";
import { Screen } from "../../../cli/top/screen.tsx";
import type { State } from "../../../cli/top/state.ts";
import { themeFor } from "../../../cli/top/theme.ts";

/** The whole screen as text without styles; lines lose the blanks at their ends. */
export function draw(state: State, size: Size): string {
  const frame = renderToString(<Screen state={state} size={size} theme={themeFor({})} />, { columns: size.columns });
  return `${stripVTControlCharacters(frame)
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}
