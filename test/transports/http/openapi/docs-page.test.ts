import { defineService, method } from "unigate";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { noBrowser, openBrowser } from "../../../support/browser-page.ts";
import { openHttpDoor } from "../../../support/http-door.ts";

const greeter = defineService("greeter", {
  hello: method({ description: "Greets.", params: { name: z.string() }, http: "GET /hello/:name" }, ({ name }) => `Hello, ${name}`),
});

const title = "the docs page in Chromium";
const timeout = 60_000;

async function tryHello(page: Page): Promise<string> {
  const operation = page.locator(String.raw`[id="operations-greeter-greeter\\.hello"]`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByPlaceholder("name").fill("Ada");
  await operation.getByRole("button", { name: "Execute" }).click();
  return operation.locator(".live-responses-table .response .microlight").first().innerText();
}

describe.skipIf(noBrowser !== undefined)(noBrowser === undefined ? title : `${title} (skipped: ${noBrowser})`, () => {
  it("shows what is served, and tries it, with nothing from other hosts", { timeout }, async () => {
    const { url } = await openHttpDoor(greeter, { config: { name: "front gate" } });
    const page = await openBrowser();
    const hosts = new Set<string>();
    const complaints: string[] = [];
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${url}/docs`);
    expect(await tryHello(page)).toContain('"Hello, Ada"');
    expect(await page.innerText("body")).toContain("front gate");
    expect([...hosts].filter((host) => host !== "")).toEqual([new URL(url).host]);
    expect(complaints).toEqual([]);
  });

  it("asks for a key where the gate has keys, and shows nothing without", { timeout }, async () => {
    const key = "secret-secret-secret";
    const { url } = await openHttpDoor(greeter, { config: { keys: [{ name: "all", key }] }, worker: { key } });
    expect((await fetch(`${url}/docs/json`)).status).toBe(401);
    const page = await openBrowser();
    page.on("dialog", (dialog) => void dialog.accept(key));
    await page.goto(`${url}/docs`);
    expect(await tryHello(page)).toContain('"Hello, Ada"');
  });
});
