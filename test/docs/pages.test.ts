import { readdir } from "node:fs/promises";
import { describe, it } from "vitest";
import { follow } from "../support/page.ts";

const root = new URL("../..", import.meta.url).pathname;
const pages = (await readdir(`${root}docs`)).filter((name) => name.endsWith(".md") && name !== "README.md").map((name) => `docs/${name}`);

describe("whoever follows a page from its first block to its last gets what it says:", () => {
  it.each(pages)("%s", { timeout: 60_000 }, (page) => follow(page));
});
