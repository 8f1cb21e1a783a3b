import { readFile, writeFile } from "node:fs/promises";
import { defineService } from "unigate";
import { GateError } from "unigate/client";
import { expect, it } from "vitest";
import { bundle, noBrowser, openBrowser, servePage } from "../support/browser-page.ts";
import { eventuallyTrue } from "../support/eventually.ts";
import { openHttpDoor } from "../support/http-door.ts";
import { workspace } from "../support/workspace.ts";

const root = new URL("../..", import.meta.url).pathname;

const greeter = defineService("greeter", {
  hello: (name: string) => `Hello, ${name}`,
  async *tell(to: number) {
    yield* ["one", "two", "three"].slice(0, to);
  },
  fail: () => {
    throw new GateError("out_of_range", "too much");
  },
});

const title = "the page's script of docs/browser.md does what its comments say";
it.skipIf(noBrowser !== undefined)(noBrowser === undefined ? title : `${title} (skipped: ${noBrowser})`, { timeout: 60_000 }, async () => {
  const [, script = ""] = /^```ts\n(.*?)^```/ms.exec(await readFile(`${root}docs/browser.md`, "utf8")) ?? [];
  const folder = await workspace();
  const entry = new URL(`file://${folder}/page.ts`);
  const { url } = await openHttpDoor(greeter, { http: { cors: { origin: true } } });
  await writeFile(entry, `${script.replace("wss://gate.example", url)}\nObject.assign(globalThis, { isDone: true });\n`);
  const page = await openBrowser();
  await page.goto(await servePage(await bundle(entry, "esm")));
  await eventuallyTrue("the script ran to its end", () => page.evaluate("globalThis.isDone === true"));
  expect([await page.title(), await page.innerText("body")]).toEqual(["Hello, Ada", "one two out_of_range"]);
});
