/** What a piece of text means; the only place that knows its colour. */
export type Tone = "plain" | "quiet" | "strong" | "accent" | "good" | "warning" | "bad" | "chosen";

/** What Ink is told of a text. */
export interface TextStyle {
  color?: string;
  bold?: boolean;
  dimColor?: boolean;
}

/** A style for every tone. */
export type Theme = Readonly<Record<Tone, TextStyle>>;

/** Quiet, with one accent: the sixteen colours that every terminal has, so that its own palette holds. */
const colourful: Theme = {
  plain: {},
  quiet: { dimColor: true },
  strong: { bold: true },
  accent: { color: "cyan", bold: true },
  good: { color: "green" },
  warning: { color: "yellow" },
  bad: { color: "red" },
  chosen: { color: "cyan", bold: true },
};

/** The same without colours: weight alone tells. */
const colourless: Theme = {
  plain: {},
  quiet: { dimColor: true },
  strong: { bold: true },
  accent: { bold: true },
  good: {},
  warning: { bold: true },
  bad: { bold: true },
  chosen: { bold: true },
};

/** The theme for an environment: `NO_COLOR`, when it is set to anything, takes the colours away (no-color.org). */
export function themeFor(env: Readonly<Record<string, string | undefined>>): Theme {
  return (env["NO_COLOR"] ?? "") === "" ? colourful : colourless;
}
