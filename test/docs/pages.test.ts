import { readdir } from "node:fs/promises";
import { describe, it } from "vitest";
import { follow } from "../support/page.ts";

const root = new URL("../..", import.meta.url).pathname;
const tests = await readdir(`${root}test/docs`);
/** A page that needs more than a shell (a browser, another server) has a test of its own name; the list of pages has no code. */
const hasOwnTest = (page: string): boolean => page === "README.md" || tests.includes(page.replace(".md", ".test.ts"));
const pages = (await readdir(`${root}docs`)).filter((page) => page.endsWith(".md") && !hasOwnTest(page));

describe("whoever follows a page from its first block to its last gets what it says:", () => {
  it.each(pages)("docs/%s", { timeout: 60_000 }, (page) => follow(`docs/${page}`));
});
