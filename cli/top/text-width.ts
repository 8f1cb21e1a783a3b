/** Columns that a text takes in a terminal, and texts of a given number of columns. */

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const hidden = /[\p{Mark}\p{Cf}]/u;
/** What would move the cursor or colour the screen, if a worker's name or an error brought it. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** The columns of a text. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

/** The text in exactly `width` columns: cut with an ellipsis, or filled up at its end, or at its start. */
export function fit(text: string, width: number, align: "left" | "right" = "left"): string {
  const clean = printable(text);
  const cut = widthOf(clean) > width ? shorten(clean, width) : clean;
  const gap = " ".repeat(Math.max(0, width - widthOf(cut)));
  return align === "left" ? cut + gap : gap + cut;
}

/** The text without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(unprintable, " ");
}

function shorten(text: string, width: number): string {
  if (width < 1) return "";
  let cut = "";
  let used = 0;
  for (const letter of text) {
    used += letterWidth(letter);
    if (used > width - 1) break;
    cut += letter;
  }
  return `${cut}…`;
}

function letterWidth(letter: string): number {
  if ((letter.codePointAt(0) as number) < 0x300) return 1;
  if (hidden.test(letter)) return 0;
  return wide.test(letter) ? 2 : 1;
}
