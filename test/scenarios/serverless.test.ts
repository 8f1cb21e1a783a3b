import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { blocksOf } from "../support/page.ts";
import { serving, type ServingProcess } from "../support/serving-process.ts";

const root = new URL("../..", import.meta.url).pathname;
const run = promisify(execFile);

/** What the example's Dockerfile starts, outside a container. */
async function container(): Promise<ServingProcess> {
  const folder = `${root}examples/04-container`;
  const [, command = "[]"] = /^CMD (\[.*\])$/m.exec(await readFile(`${folder}/Dockerfile`, "utf8")) ?? [];
  const [program = "", ...args] = JSON.parse(command) as string[];
  expect(program).toBe("node");
  return serving(process.execPath, () => args, folder);
}

describe("the container of examples/04-container", () => {
  it("takes uploads, streams, and serves the gate's own pages", async () => {
    const { url } = await container();
    const body = Buffer.alloc(1_000_000, "gate");
    const upload = await fetch(`${url}/sha256`, { method: "PUT", body, headers: { "content-type": "application/octet-stream" } });
    expect(await upload.json()).toBe(createHash("sha256").update(body).digest("hex"));
    expect(await (await fetch(`${url}/countdown/3`)).text()).toBe("3\n2\n1\n");
    expect(await (await fetch(`${url}/info`)).json()).toMatchObject({ workers: { ready: 1 } });
    expect(await (await fetch(`${url}/nothing`)).json()).toMatchObject({ status: 404, code: "not_found" });
  });

  it("refuses what no Request can hold, and goes on", async () => {
    const { url } = await container();
    const { stdout } = await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "TRACE", `${url}/health`]);
    expect(stdout).toBe("400");
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it("finishes a stream after SIGTERM, and then ends by itself", async () => {
    const { url, child, exit } = await container();
    const stream = await fetch(`${url}/countdown/8`);
    child.kill("SIGTERM");
    expect(await stream.text()).toBe("8\n7\n6\n5\n4\n3\n2\n1\n");
    expect(await exit).toBe(0);
  });

  it("cancels the job of a caller who has left", async () => {
    const { url } = await container();
    const caller = new AbortController();
    await fetch(`${url}/countdown/100000`, { signal: caller.signal });
    const inFlight = async (): Promise<number> => {
      const [worker] = (await (await fetch(`${url}/workers`)).json()) as { inFlight: number }[];
      return worker?.inFlight ?? -1;
    };
    expect(await inFlight()).toBe(1);
    caller.abort();
    await expect.poll(inFlight, { timeout: 5000 }).toBe(0);
  });
});

interface Platform {
  name: string;
  program: string | undefined;
  args: (port: number) => string[];
}

const platforms: Platform[] = [
  { name: "deno", program: installed("deno"), args: (port) => ["serve", "--allow-all", "--host", "127.0.0.1", "--port", `${port}`] },
  { name: "bun", program: installed("bun"), args: (port) => ["--port", `${port}`] },
];

function installed(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(":")
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));
}

describe("the function of examples/05-fetch-platform", () => {
  it("answers as one file that has neither packages nor sources beside it", async () => {
    const folder = await mkdtemp(`${tmpdir()}/gate-function-`);
    onTestFinished(() => rm(folder, { recursive: true }));
    const bundling = (await blocksOf("examples/05-fetch-platform/README.md"))
      .map(({ text }) => text)
      .find((text) => text.startsWith("esbuild"));
    await run("bash", ["-c", bundling!.replace("bundle.mjs", `${folder}/bundle.mjs --log-level=error`)], {
      cwd: root,
      env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env["PATH"]}` },
    });
    await writeFile(
      `${folder}/platform.mjs`,
      `import app from "./bundle.mjs";
      for (const path of ["/hello/Ada", "/story", "/ready"]) console.log(await (await app.fetch(new Request("http://gate.example" + path))).text());
      await app.fetch.close();`,
    );
    const { stdout } = await run(process.execPath, ["platform.mjs"], { cwd: folder });
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual([
      '"Hello, Ada"',
      '"once"',
      '"upon"',
      '"a"',
      '"time"',
      '{"ready":true}',
    ]);
  });

  for (const { name, program, args } of platforms) {
    const title = `answers under ${name}`;
    it.skipIf(program === undefined)(program === undefined ? `${title} (skipped: ${name} is not installed)` : title, async () => {
      const { url } = await serving(program!, (port) => [...args(port), "function.ts"], `${root}examples/05-fetch-platform`);
      expect(await (await fetch(`${url}/hello/Ada`)).json()).toBe("Hello, Ada");
      const story = await fetch(`${url}/story`, { headers: { accept: "text/event-stream" } });
      expect(story.headers.get("content-type")).toContain("text/event-stream");
      expect((await story.text()).match(/(?<=data: ").*(?=")/g)).toEqual(["once", "upon", "a", "time"]);
    });
  }
});
