/** Figures as people read them: short, with a unit, and never wider than seven characters. */

const thousands = ["", "k", "M", "G", "T"];

/** A count: `950`, `1.2k`, `34M`. */
export function count(value: number): string {
  let unit = 0;
  let scaled = value;
  while (scaled >= 999.5 && unit < thousands.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaled) : digits(scaled)}${thousands[unit]}`;
}

/** A rate: `0`, `0.3/s`, `1.2k/s`. */
export function rate(perSecond: number): string {
  if (perSecond < 0.05) return "0";
  return perSecond < 10 ? `${digits(perSecond)}/s` : `${count(perSecond)}/s`;
}

/** A length of time: `40 µs`, `3.4 ms`, `12 ms`, `3.4 s`, `5 min`, `2 h`, `3 d`. */
export function time(ms: number): string {
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  if (ms < 99_500) return `${digits(ms / 1000)} s`;
  const minutes = ms / 60_000;
  if (minutes < 99.5) return `${Math.round(minutes)} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
}

/** A latency; empty before the first. */
export function latency(ms: number): string {
  return ms === 0 ? "–" : time(ms);
}

/** Memory: `84 MB`, `1.2 GB`. */
export function bytes(value: number): string {
  const megabytes = value / 1024 ** 2;
  return megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${digits(megabytes / 1024)} GB`;
}

/** The time of day: `14:03:22`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** The full and the empty part of a bar; whatever is not nothing shows. */
export function bar(share: number, width: number): [full: string, empty: string] {
  const filled = share <= 0 ? 0 : Math.max(1, Math.round(Math.min(1, share) * width));
  return ["━".repeat(filled), "─".repeat(width - filled)];
}

/** One column per value, the latest at the right, the highest at full height. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(...shown, 0);
  const column = (value: number): string => (value <= 0 ? "▁" : (steps[Math.ceil((value / highest) * steps.length) - 1] ?? "█"));
  return shown.map(column).join("").padStart(width, "▁");
}

const steps = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Two figures at least: below ten with a decimal, so that columns do not jump. */
function digits(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}
