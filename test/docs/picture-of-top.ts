/**
 * `npm run picture`: draws docs/gate-top.svg, a picture of `gate top` in a real terminal (tmux) before a real gate with workers and callers.
 *
 * It takes a minute, so that the traffic line is full, and wants the gate's default ports free.
 */
import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "unigate/client";
import { toSvg } from "./terminal-svg.ts";

const root = new URL("../..", import.meta.url);
const command = new URL("dist/cli/main.js", root).pathname;
const gate = "tcp://127.0.0.1:5555";
const columns = 110;
const rows = 32;
const runMs = 60_000;

const services: Readonly<Record<string, string>> = {
  "thumbs.ts": `import { setTimeout as sleep } from "node:timers/promises";
export async function resize(width: number) { await sleep(15 + Math.random() * 40); return width; }
export async function crop(width: number) { await sleep(5 + Math.random() * 10); return width; }`,
  "mail.ts": `import { setTimeout as sleep } from "node:timers/promises";
import { GateError } from "unigate/worker";
export async function send(to: string) { await sleep(20); if (to === "nobody") throw new GateError("not_found", "no such mailbox"); if (Math.random() < 0.02) throw new Error("mailbox is full"); return to; }`,
  "asr.ts": `import { setTimeout as sleep } from "node:timers/promises";
export async function* transcribe(words: number) { for (let n = 0; n < words; n++) { await sleep(60); yield n; } }`,
};

const config = `import { defineConfig, leastConnections, p2c } from "unigate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";

export default defineConfig({
  name: "shop",
  transports: [http({ proxy: [{ path: "/users/*", name: "users", to: ["http://127.0.0.1:7001", "http://127.0.0.1:7002"] }] }), zmq(), grpc()],
  routes: { "thumbs.*": { strategy: leastConnections() }, "mail.*": { strategy: p2c(), queue: 50 }, "asr.*": { queue: 20 } },
});
`;

const folder = await mkdtemp(new URL("scratch/picture-", root).pathname);
writeFileSync(`${folder}/gate.config.ts`, config);
const children = [start("serve", "--log-level", "error")];
const users = [7001, 7002].map((port) =>
  createServer((_, response) => void sleep(5 + Math.random() * 15).then(() => response.end("ada"))).listen(port, "127.0.0.1"),
);
const tmux = (...args: string[]): string => execFileSync("tmux", ["-L", "gate-picture", ...args], { encoding: "utf8" });
try {
  await sleep(1000);
  for (const [file, source] of Object.entries(services)) writeFileSync(`${folder}/${file}`, source);
  for (const id of ["thumbs-a", "thumbs-b", "thumbs-c"])
    children.push(start("worker", "thumbs.ts", "--id", id, "--concurrency", "8", "--version", "v2"));
  children.push(start("worker", "mail.ts", "--id", "mail-1", "--concurrency", "2"));
  children.push(start("worker", "asr.ts", "--id", "asr-gpu", "--gate", "ws://127.0.0.1:9000", "--concurrency", "4"));
  await sleep(1500);
  const over = call();
  tmux("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), `${process.execPath} ${command} top`);
  await sleep(runMs);
  const screen = tmux("capture-pane", "-p", "-e");
  over.abort();
  writeFileSync(new URL("docs/gate-top.svg", root), toSvg(screen, columns, rows));
} finally {
  tmux("kill-server");
  for (const child of children) child.kill();
  for (const server of users) server.close();
  await rm(folder, { recursive: true });
}

function start(...args: string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, [command, ...args], { cwd: folder, stdio: "ignore", env: { ...process.env, NODE_OPTIONS: "" } });
}

/** Callers of every method, in waves, until the signal. */
function call(): AbortController {
  const over = new AbortController();
  const client = connect(gate);
  const every = async (target: string, argument: unknown, callers: number, pauseMs: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (!over.signal.aborted) {
          try {
            for await (const _value of client.call(target, [argument]));
          } catch {
            // A mailbox is full now and then: that is what the picture shows.
          }
          await sleep(pauseMs * (1 + Math.sin(Date.now() / 4000) / 2) * Math.random());
        }
      }),
    );
  };
  const submit = async (target: string, argument: unknown, times: number, pauseMs: number): Promise<void> => {
    for (let time = 0; time < times && !over.signal.aborted; time++) {
      await client.call("Gate.submit", [target, [argument]]);
      await sleep(pauseMs);
    }
  };
  const visit = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await fetch("http://127.0.0.1:9000/users/ada").then((reply) => reply.text());
      await sleep(80 * Math.random());
    }
  };
  const calls = [
    every("thumbs.resize", 320, 26, 60),
    every("thumbs.crop", 64, 8, 50),
    every("mail.send", "ada", 6, 20),
    every("asr.transcribe", 30, 12, 500),
    ...Array.from({ length: 8 }, visit),
    submit("asr.transcribe", 30, 200, 300),
    submit("mail.send", "nobody", 3, 5000),
  ];
  void Promise.all(calls).then(() => client.close());
  return over;
}
