import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findProgram } from "./programs.ts";
import type { Round } from "./load.ts";

/** The load generator of this run: wrk where it is installed, else autocannon. */
export const httpTool: "wrk" | "autocannon" = findProgram("wrk") === undefined ? "autocannon" : "wrk";

/** Connections of a load unless it says otherwise. */
const manyConnections = 64;
const body = JSON.stringify({ name: "Ada" });
const headers = { "content-type": "application/json" };

/** Resolves once a URL gives the right answer, so that no contender is measured while it answers with something else. */
export async function awaitGreeting(url: string): Promise<void> {
  let last = "";
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      const answer = await fetch(url, { method: "POST", headers, body });
      last = `${answer.status} ${await answer.text()}`;
      if (last === '200 {"greeting":"Hello, Ada"}') return;
    } catch (error) {
      last = String(error);
    }
    await sleep(100);
  }
  throw new Error(`${url} does not answer as it should: ${last}`);
}

/** Repeats one POST for whole seconds, over 64 connections unless told. */
export function loadHttp(url: string, seconds: number, connections: number = manyConnections): Promise<Round> {
  return httpTool === "wrk" ? loadByWrk(url, seconds, connections) : loadByAutocannon(url, seconds, connections);
}

async function loadByWrk(url: string, seconds: number, connections: number): Promise<Round> {
  const folder = await mkdtemp(`${tmpdir()}/gate-bench-`);
  try {
    const script = `${folder}/post.lua`;
    await writeFile(
      script,
      `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body)}\nwrk.headers["content-type"] = "${headers["content-type"]}"\n`,
    );
    // One thread: on two cores a second would only take time from what is measured.
    const { stdout } = await promisify(execFile)("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url]);
    const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
    const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
    const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1).map(Number) ?? [];
    return roundOf(
      perSecond,
      bad,
      socket.reduce((sum, count) => sum + count, 0),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function loadByAutocannon(url: string, seconds: number, connections: number): Promise<Round> {
  const { default: autocannon } = await import("autocannon");
  const { requests, non2xx, errors } = await autocannon({ url, method: "POST", body, headers, connections, duration: seconds });
  return roundOf(requests.average, non2xx, errors);
}

function roundOf(perSecond: number, bad: number, broken: number): Round {
  if (bad + broken === 0) return { perSecond, errors: 0 };
  return { perSecond, errors: bad + broken, firstError: `${bad} answers were not 2xx, ${broken} connections failed` };
}
