import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { version } from "../../../src/observe/version.ts";

it("the version that a gate tells is the one of the package", async () => {
  const manifest = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string };
  expect(version).toBe(manifest.version);
});
