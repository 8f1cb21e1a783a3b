import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { configReference, page } from "./config-reference.ts";

it("the config reference says what the types say; `npm run docs` writes it anew", async () => {
  expect(await readFile(new URL(`../../${page}`, import.meta.url), "utf8")).toBe(configReference());
});
