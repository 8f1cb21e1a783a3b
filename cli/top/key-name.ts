import type { Key } from "ink";

const names = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageUp"],
  ["pageDown", "pageDown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["backspace", "backspace"],
  ["delete", "backspace"],
] as const satisfies readonly (readonly [keyof Key, string])[];

/** The names, as the key table writes them, of what came in at once: one key, or several that were typed fast or pasted. */
export function keyNames(input: string, key: Key): string[] {
  const isSeveral = input.length > 1 && !key.ctrl && !key.meta;
  if (isSeveral) return Array.from(input).flatMap((letter) => letterNames[letter] ?? (letter < " " ? [] : letter));
  const name = nameOf(input, key);
  return name === undefined ? [] : [name];
}

const letterNames: Readonly<Record<string, string>> = {
  "\t": "tab",
  "\r": "enter",
  "\n": "enter",
  "\u001b": "escape",
  "\u007f": "backspace",
  "\u0003": "ctrl+c",
  " ": "space",
};

function nameOf(input: string, key: Key): string | undefined {
  if (key.tab) return key.shift ? "shift+tab" : "tab";
  for (const [flag, name] of names) if (key[flag]) return name;
  if (key.ctrl) return `ctrl+${input}`;
  if (input === " ") return "space";
  return input === "" || key.meta ? undefined : input;
}
