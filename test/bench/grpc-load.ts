import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import type { Round } from "./load.ts";
import { findProgram } from "./programs.ts";

/** Whether there is a load generator for HTTP/2. */
export const hasH2load: boolean = findProgram("h2load") !== undefined;

/** Makes one unary call of 16 bytes again and again for whole seconds; each call ends with its trailers. */
export async function loadGrpc(port: number, seconds: number, { clients = 8, streams = 32 } = {}): Promise<Round> {
  const folder = await mkdtemp(`${tmpdir()}/gate-bench-`);
  try {
    await writeFile(`${folder}/message`, frame(Buffer.alloc(16)));
    const { stdout } = await promisify(execFile)("h2load", [
      "-t1",
      `-c${clients}`,
      `-m${streams}`,
      `-D${seconds}`,
      "--warm-up-time=0",
      `-d${folder}/message`,
      "-Hcontent-type: application/grpc",
      "-Hte: trailers",
      `http://127.0.0.1:${port}/bench.Echo/Say`,
    ]);
    const perSecond = Number(/finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(stdout)?.[1]);
    const failed = Number(/(\d+) failed/.exec(stdout)?.[1]);
    const errored = Number(/(\d+) errored/.exec(stdout)?.[1]);
    const errors = failed + errored;
    // One that has answered nobody is no slow one: something was wrong.
    if (errors === 0 && perSecond > 0) return { perSecond, errors: 0 };
    return { perSecond, errors: Math.max(1, errors), firstError: `${errors} calls failed, ${perSecond} a second were answered` };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One call; gives what it brought, and its `grpc-status`. */
export async function callOnce(port: number, method: string, body: Buffer): Promise<{ bytes: number; status: string; seconds: number }> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 4 * 1024 * 1024 } });
  session.once("connect", () => session.setLocalWindowSize(64 * 1024 * 1024));
  const stream = session.request({
    ":method": "POST",
    ":path": `/bench.Echo/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const begun = performance.now();
  let bytes = 0;
  let status = "none";
  stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
  stream.on("trailers", (trailers) => (status = String(trailers["grpc-status"])));
  stream.end(frame(body));
  try {
    await new Promise((resolve, reject) => stream.on("error", reject).on("close", resolve));
  } finally {
    session.destroy();
  }
  return { bytes, status, seconds: (performance.now() - begun) / 1000 };
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
