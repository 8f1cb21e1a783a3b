import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";

/** A request that a load generator repeats. */
export interface HttpCase {
  url: string;
  body: string;
}

/** Requests per second over 64 connections, and answers that were not 2xx. */
export interface HttpRound {
  requestsPerSecond: number;
  errors: number;
}

/** The load generator of this run: wrk where it is installed, else autocannon. */
export const httpTool: "wrk" | "autocannon" = hasWrk() ? "wrk" : "autocannon";

/** Repeats one POST over 64 connections. */
export async function loadHttp({ url, body }: HttpCase, seconds: number): Promise<HttpRound> {
  if (httpTool === "autocannon") {
    const { default: autocannon } = await import("autocannon");
    const result = await autocannon({
      url,
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
      connections: 64,
      duration: seconds,
    });
    return { requestsPerSecond: result.requests.average, errors: result.non2xx + result.errors };
  }
  const folder = await mkdtemp(`${tmpdir()}/gate-bench-`);
  const script = `${folder}/post.lua`;
  await writeFile(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body)}\nwrk.headers["content-type"] = "application/json"\n`);
  const output = await new Promise<string>((resolve, reject) => {
    execFile("wrk", ["-t1", "-c64", `-d${seconds}s`, "-s", script, url], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  await rm(folder, { recursive: true });
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? "0";
  return { requestsPerSecond: Number(rate), errors: Number(bad) };
}

function hasWrk(): boolean {
  try {
    execFileSync("which", ["wrk"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
