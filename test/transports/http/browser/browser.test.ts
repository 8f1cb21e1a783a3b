import { build } from "esbuild";
import { currentJob, defineService } from "unigate";
import { GateError } from "unigate/client";
import { describe, expect, it } from "vitest";
import { bundle, noBrowser, openBrowser, servePage } from "../../../support/browser-page.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { openHttpDoor } from "../../../support/http-door.ts";

const seen = { closed: 0, aborted: 0 };

const kitchen = defineService("kitchen", {
  add: (a: number, b: number) => a + b,
  bytes: (size: number) => new Uint8Array(size).fill(7),
  fail: () => {
    throw new GateError("failed_precondition", "not today: ü");
  },
  async *count(to: number) {
    for (let at = 1; at <= to; at++) yield at;
  },
  async *endless() {
    try {
      for (let at = 1; ; at++) yield at;
    } finally {
      seen.closed++;
    }
  },
  wait: () => {
    currentJob().signal.addEventListener("abort", () => seen.aborted++);
    return new Promise(() => {});
  },
});

const entry = new URL("page.ts", import.meta.url);

describe("the client for browsers", () => {
  it("is bundled from the built package without a module of Node", async () => {
    const { metafile, warnings } = await build({
      entryPoints: [entry.pathname],
      bundle: true,
      write: false,
      metafile: true,
      platform: "browser",
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.some((path) => path.endsWith("dist/transports/http/browser/index.js"))).toBe(true);
    expect(inputs.filter((path) => !/(^|\/)(dist|node_modules\/msgpackr)\/|\/browser\/page\.ts$/.test(path))).toEqual([]);
    const imported = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    expect(imported.filter((path) => path.startsWith("node:"))).toEqual([]);
    expect(warnings).toEqual([]);
    expect(await bundle(entry)).not.toMatch(/"node:|import\(|process\.(env|versions)/);
  });

  const title = "calls, streams, cancels and sees typed errors from a page of another origin, under a strict content policy";
  it.skipIf(noBrowser !== undefined)(
    noBrowser === undefined ? title : `${title} (skipped: ${noBrowser})`,
    { timeout: 60_000 },
    async () => {
      const origin = await servePage(await bundle(entry), {
        "content-security-policy": "default-src 'self'; connect-src *; img-src data:",
      });
      const { url } = await openHttpDoor(kitchen, { http: { cors: { origin } } });
      const stranger = await openHttpDoor(kitchen);
      const page = await openBrowser();
      await page.goto(origin);
      const heard = await page.evaluate(`run(${JSON.stringify(url)})`);
      expect(heard).toEqual({
        sum: 5,
        bytes: { isBytes: true, length: 100_000, last: 7 },
        counted: { length: 300, last: 300 },
        left: 5,
        aborted: "deadline_exceeded",
        cancelled: "cancelled",
        many: 125_250,
        failure: { code: "failed_precondition", message: "not today: ü" },
        unknown: "not_found",
        closed: { code: "failed_precondition", message: "this client is closed" },
      });
      await eventuallyTrue("the worker heard that the page left", () => seen.closed === 1 && seen.aborted === 2);
      expect(await page.evaluate(`refused(${JSON.stringify(stranger.url)})`)).toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("cors"),
      });
      expect(await page.evaluate("refused()")).toMatchObject({
        code: "unavailable",
        message: expect.stringContaining(`${new URL(origin).host}/link`),
      });
      await expect(page.evaluate(`refused("tcp://127.0.0.1:5555")`)).rejects.toThrow("write one that starts with wss://");
    },
  );
});
