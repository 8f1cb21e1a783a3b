import fc from "fast-check";
import { expect, it } from "vitest";
import { bar, bytes, count, rate, sparkline, time } from "../../../cli/top/figures.ts";
import { fit, widthOf } from "../../../cli/top/text-width.ts";
import { themeFor } from "../../../cli/top/theme.ts";

it.each([
  [0, "0"],
  [950, "950"],
  [999.6, "1.0k"],
  [1234, "1.2k"],
  [34_500, "35k"],
  [999_600, "1.0M"],
  [2.5e9, "2.5G"],
])("writes the count %d as %s", (value, text) => expect(count(value)).toBe(text));

it.each([
  [0, "0"],
  [0.25, "0.3/s"],
  [42, "42/s"],
  [1234, "1.2k/s"],
])("writes the rate %d as %s", (value, text) => expect(rate(value)).toBe(text));

it.each([
  [0.042, "42 µs"],
  [3.44, "3.4 ms"],
  [250, "250 ms"],
  [3400, "3.4 s"],
  [98_000, "98 s"],
  [300_000, "5 min"],
  [7_200_000, "2 h"],
  [259_200_000, "3 d"],
])("writes %d ms as %s", (value, text) => expect(time(value)).toBe(text));

it("writes memory in the unit that people read", () =>
  expect([bytes(84 * 1024 ** 2), bytes(1.5 * 1024 ** 3)]).toEqual(["84 MB", "1.5 GB"]));

it("never writes a figure wider than its column of seven", () => {
  const figure = fc.double({ min: 0, max: 1e14, noNaN: true });
  fc.assert(fc.property(figure, (value) => Math.max(count(value).length, rate(value).length, time(Math.min(value, 8e12)).length) <= 7));
});

it("draws bars that are full at the bound and never empty before zero", () => {
  expect([bar(0, 4), bar(0.001, 4), bar(0.5, 4), bar(7, 4)]).toEqual([
    ["", "────"],
    ["━", "───"],
    ["━━", "──"],
    ["━━━━", ""],
  ]);
});

it("draws a sparkline with the latest at the right and the highest at full height", () => {
  expect(sparkline([0, 5, 10], 5)).toBe("▁▁▁▄█");
  expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 4)).toBe("▅▆▇█");
});

it("fits any text into any width exactly", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  fc.assert(
    fc.property(
      text,
      fc.nat(50),
      fc.constantFrom("left" as const, "right" as const),
      (words, width, align) => widthOf(fit(words, width, align)) === width,
    ),
  );
});

it("uses the sixteen colours of any terminal, and none where NO_COLOR is set", () => {
  const sixteen = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "gray"];
  for (const { color } of Object.values(themeFor({}))) expect([undefined, ...sixteen]).toContain(color);
  for (const style of Object.values(themeFor({ NO_COLOR: "1" }))) expect(style).not.toHaveProperty("color");
});
