import { rename, writeFile } from "node:fs/promises";
import type { Logger } from "unigate/transport";
import { expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer } from "../../../support/http-server.ts";
import { workspace } from "../../../support/workspace.ts";
import { openGate } from "./proxy-world.ts";

async function open(): Promise<{ file: string; url: string; a: string; b: string; errors: string[] }> {
  const a = await startServer((_request, response) => response.end("a"));
  const b = await startServer((_request, response) => response.end("b"));
  const file = `${await workspace()}/routes.yaml`;
  await writeFile(file, `route:\n  - { path: /a/*, method: [GET], to: [${a.url}], strategy: least-connections }\n`);
  const errors: string[] = [];
  const ignore = (): void => {};
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (_message, fields) => void errors.push(String(fields?.["error"])),
  };
  const { url } = await openGate({ proxyFile: file }, {}, { logger });
  return { file, url, a: a.url, b: b.url, errors };
}

const status = async (url: string): Promise<string> => {
  const response = await fetch(url);
  return response.ok ? response.text() : String(response.status);
};

test("routes of a file that are added, changed and removed hold within a second, also when another file takes its place", async () => {
  const { file, url, a, b } = await open();
  expect([await status(`${url}/a/1`), await status(`${url}/b/1`)]).toEqual(["a", "404"]);
  const both = `route:\n  - { path: /a/*, to: ${a} }\n  - { path: /b/*, to: ${b} }\n`;
  await writeFile(file, both);
  await eventuallyTrue("a route was added", async () => (await status(`${url}/b/1`)) === "b", 1000);
  await writeFile(`${file}.new`, both.replace(`/a/*, to: ${a}`, `/a/*, to: ${b}`));
  await rename(`${file}.new`, file);
  await eventuallyTrue("a route was changed", async () => (await status(`${url}/a/1`)) === "b", 1000);
  await writeFile(file, `route:\n  - { path: /b/*, to: ${b} }\n`);
  await eventuallyTrue("a route was removed", async () => (await status(`${url}/a/1`)) === "404", 1000);
  expect(await status(`${url}/b/1`)).toBe("b");
});

test.each([
  ["is not YAML", "route: [", /line \d+: /],
  ["names no server", "route:\n  - { path: /b/* }\n", /route\[0\]\.to: names no server/],
  [
    "names what is no strategy",
    "route:\n  - { path: /b/*, to: 'http://b', strategy: best }\n",
    /route\[0\]\.strategy: "best" is not a strategy/,
  ],
])("a file that %s keeps the old routes, and the log says why", async (_what, text, expected) => {
  const { file, url, errors } = await open();
  await writeFile(file, text);
  await eventuallyTrue("it was told", () => errors.length > 0);
  expect(errors[0]).toMatch(expected);
  expect(await status(`${url}/a/1`)).toBe("a");
});

test("a gate does not start on a file that is broken or missing", async () => {
  const file = `${await workspace()}/routes.yaml`;
  await expect(openGate({ proxyFile: file })).rejects.toThrow(/cannot be read/);
  await writeFile(file, "route:\n  - { path: users, to: nowhere, retries: -1 }\n");
  await expect(openGate({ proxyFile: file })).rejects.toThrow(/has 3 faults/);
});
