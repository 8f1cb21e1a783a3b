/** The part of `total` rows that `height` lines show, so that the chosen one is among them: it scrolls page by page. */
export function visibleRows(total: number, chosen: number, height: number): { from: number; to: number } {
  if (height <= 0) return { from: 0, to: 0 };
  const page = Math.floor(Math.max(0, chosen) / height);
  const from = Math.max(0, Math.min(page * height, total - height));
  return { from, to: Math.min(total, from + height) };
}
