import { freePort, start } from "../../process.ts";
import { findProgram } from "../../programs.ts";

/** Starts a Redis that writes nothing to disk; gives its port, or nothing where it is not installed. */
export async function startRedis(): Promise<number | undefined> {
  const command = findProgram("redis-server");
  if (command === undefined) return undefined;
  const port = await freePort();
  await start({ command, args: ["--port", String(port), "--save", ""], ready: /Ready to accept connections/ });
  return port;
}
