/** What a terminal shows, as text with SGR escape sequences (ECMA-48, as `tmux capture-pane -e` writes it), drawn as an SVG. */

const cell = { width: 8.4, height: 18 };
const margin = 14;
const background = "#16181d";
const foreground = "#d5d8de";
const palette = ["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf"];
const bright = ["#6b727e", "#ef7d86", "#a9d48a", "#f0cf8c", "#7cc0ff", "#d58ceb", "#6ccad6", "#ffffff"];

const sequenceStart = "\u001b[";

interface Style {
  color: string | undefined;
  fill: string | undefined;
  isBold: boolean;
  isDim: boolean;
  isInverse: boolean;
}

const plain: Style = { color: undefined, fill: undefined, isBold: false, isDim: false, isInverse: false };

/** Draws `columns` × `rows` cells. */
export function toSvg(screen: string, columns: number, rows: number): string {
  const width = Math.ceil(columns * cell.width + 2 * margin);
  const height = rows * cell.height + 2 * margin;
  const lines = screen.split("\n").slice(0, rows);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
    ...drawn(lines),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawn(lines: readonly string[]): string[] {
  let style = plain;
  return lines.map((line, row) => {
    const shapes: string[] = [];
    let column = 0;
    for (const [at, piece] of line.split(sequenceStart).entries()) {
      const [, codes = "", styled = ""] = /^([\d;]*)m(.*)$/.exec(piece) ?? [];
      const text = at === 0 ? piece : styled;
      if (at > 0) style = restyled(style, codes);
      shapes.push(shape(text, style, column, row));
      column += cellsOf(text);
    }
    return shapes.join("");
  });
}

function shape(text: string, style: Style, column: number, row: number): string {
  const x = xOf(column);
  const y = margin + row * cell.height;
  const length = lengthOf(text);
  const [color, fill] = style.isInverse ? [style.fill ?? background, style.color ?? foreground] : [style.color ?? foreground, style.fill];
  const ground = fill === undefined ? "" : `<rect x="${x}" y="${y}" width="${length}" height="${cell.height}" fill="${fill}"/>`;
  const weight = style.isBold ? ' font-weight="bold"' : "";
  const opacity = style.isDim ? ' opacity="0.55"' : "";
  // Each word stands by itself: viewers disagree about spaces, and about the width of a letter.
  const words = Array.from(text.matchAll(/\S+/g), ({ 0: word, index }) => {
    const at = xOf(column + cellsOf(text.slice(0, index)));
    return `<text x="${at}" y="${y + 13}" textLength="${lengthOf(word)}" fill="${color}"${weight}${opacity}>${escaped(word)}</text>`;
  });
  return ground + words.join("");
}

/** Every character that gate top draws is one cell wide. */
function cellsOf(text: string): number {
  return Array.from(text).length;
}

function xOf(column: number): string {
  return (margin + column * cell.width).toFixed(1);
}

function lengthOf(text: string): string {
  return (cellsOf(text) * cell.width).toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function restyled(style: Style, codes: string): Style {
  const numbers = codes === "" ? [0] : codes.split(";").map(Number);
  let next = style;
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] as number;
    if ((code === 38 || code === 48) && numbers[at + 1] === 5) {
      const color = indexed(numbers[at + 2] ?? 7);
      next = code === 38 ? { ...next, color } : { ...next, fill: color };
      at += 2;
    } else if ((code === 38 || code === 48) && numbers[at + 1] === 2) {
      const color = `rgb(${numbers.slice(at + 2, at + 5).join(",")})`;
      next = code === 38 ? { ...next, color } : { ...next, fill: color };
      at += 4;
    } else next = { ...next, ...changeOf(code) };
  }
  return next;
}

function changeOf(code: number): Partial<Style> {
  if (code === 0) return plain;
  if (code === 1) return { isBold: true };
  if (code === 2) return { isDim: true };
  if (code === 7) return { isInverse: true };
  if (code === 22) return { isBold: false, isDim: false };
  if (code === 27) return { isInverse: false };
  if (code === 39) return { color: undefined };
  if (code === 49) return { fill: undefined };
  if (code >= 30 && code <= 37) return { color: palette[code - 30] };
  if (code >= 90 && code <= 97) return { color: bright[code - 90] };
  if (code >= 40 && code <= 47) return { fill: palette[code - 40] };
  return {};
}

/** The 256 colours: the sixteen of the palette, a cube of 6 × 6 × 6, 24 greys. */
function indexed(number: number): string {
  if (number < 8) return palette[number] as string;
  if (number < 16) return bright[number - 8] as string;
  if (number >= 232)
    return `rgb(${Array(3)
      .fill(8 + (number - 232) * 10)
      .join(",")})`;
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const index = number - 16;
  return `rgb(${level(Math.floor(index / 36))},${level(Math.floor(index / 6) % 6)},${level(index % 6)})`;
}
