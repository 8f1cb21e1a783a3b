import { execFileSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { startServer } from "../support/http-server.ts";
import { type RunningGate, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const wanted = 10_000;
/** Files of each process besides its connections. */
const others = 500;
/** Node takes all that it may have when it starts. */
const openFiles = Number(execFileSync("/bin/sh", ["-c", "ulimit -Hn"]).toString().trim());
const count = Number.isNaN(openFiles) ? wanted : Math.min(wanted, openFiles - others);
const why = count < wanted ? ` (${wanted} are more than the ${openFiles} open files that a process may have here)` : "";
/** Opened at once: fewer than a listen backlog takes. */
const batch = 250;
/** What an idle connection may cost the gate, in bytes: some 19 KiB were measured. */
const bytesPerConnection = 60_000;

/** A connection that is kept, and the text of its answers. */
interface Kept {
  socket: Socket;
  heard: string;
}

function ask(port: number): Kept {
  const kept: Kept = { socket: connect(port, "127.0.0.1"), heard: "" };
  kept.socket.on("data", (data: Buffer) => (kept.heard += data.toString("latin1")));
  kept.socket.on("error", (error) => (kept.heard += error.message));
  return kept;
}

async function answers(all: readonly Kept[], path: (at: number) => string): Promise<string[]> {
  for (const [at, kept] of all.entries()) {
    kept.heard = "";
    kept.socket.write(`GET ${path(at)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }
  await eventuallyTrue("each is answered", () => all.every(({ heard }) => heard !== ""), 60_000);
  return all.map(({ heard }) => `${heard.split(" ", 2)[1]} ${heard.slice(heard.indexOf("\r\n\r\n") + 4)}`);
}

function memoryOf({ process }: RunningGate): number {
  return Number(execFileSync("/bin/ps", ["-o", "rss=", "-p", String(process.child.pid)]).toString()) * 1024;
}

it(`${count} idle connections through the proxy cost little, and each is answered again${why}`, { timeout: 120_000 }, async () => {
  const upstream = await startServer((request, response) => response.end(request.url));
  const gate = await startGate(await workspace(), "", undefined, `proxy: [{ path: "/*", to: "${upstream.url}", queue: 20_000 }]`);
  const { port } = new URL(gate.http);
  const all: Kept[] = [];
  onTestFinished(() => all.forEach(({ socket }) => socket.destroy()));
  // What the first requests load and grow is not theirs.
  const warm = Array.from({ length: batch }, () => ask(Number(port)));
  all.push(...warm);
  await answers(warm, (at) => `/warm/${at}`);
  const before = memoryOf(gate);
  while (all.length < count) {
    const more = Array.from({ length: Math.min(batch, count - all.length) }, () => ask(Number(port)));
    all.push(...more);
    expect(await answers(more, (at) => `/first/${at}`)).toEqual(more.map((_kept, at) => `200 /first/${at}`));
  }
  const perConnection = (memoryOf(gate) - before) / (count - batch);
  console.log(`${count} connections, ${(perConnection / 1024).toFixed(1)} KiB each`);
  expect(perConnection).toBeLessThan(bytesPerConnection);
  expect(all.filter(({ socket }) => socket.destroyed)).toHaveLength(0);
  expect(await answers(all, (at) => `/again/${at}`)).toEqual(all.map((_kept, at) => `200 /again/${at}`));
  expect(gate.process.stderr).not.toMatch(/error|warn/i);
});
