import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

const executablePath = "/usr/bin/chromium";

/** Why browser tests cannot run here; undefined when they can. */
export const noBrowser: string | undefined = existsSync(executablePath)
  ? undefined
  : `${executablePath} is not installed (apt-get install chromium)`;

/** A script for pages as one text, with all that it imports; what a user's bundler would make. */
export async function bundle(entry: URL, format: "iife" | "esm" = "iife"): Promise<string> {
  const script = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    write: false,
    format,
    target: "es2024",
    platform: "browser",
    logLevel: "silent",
  });
  return script.outputFiles[0]!.text;
}

/** Serves a page that loads `script` and nothing else; gives its origin. */
export async function servePage(script: string, headers: Record<string, string> = {}): Promise<string> {
  const pages = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html", ...headers });
    response.end(
      isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script><body></body>',
    );
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    pages.closeAllConnections();
    pages.close();
  });
  return `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
}

/** A new page of a headless Chromium of its own, closed when the test is over. */
export async function openBrowser(): Promise<Page> {
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  onTestFinished(() => browser.close());
  return browser.newPage();
}
