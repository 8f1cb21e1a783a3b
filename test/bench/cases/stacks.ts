import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { freePort, startProgram, startScript } from "../process.ts";

/** How long and how often to measure. */
export interface Plan {
  rounds: number;
  seconds: number;
}

/** A running Gate and its ports. */
export interface GateStack {
  process: ChildProcess;
  ports: { ZMQ_PORT: number; HTTP_PORT: number };
}

const here = new URL("..", import.meta.url).pathname;
const command = new URL("../../../dist/cli/main.js", import.meta.url).pathname;

/** The real gate with the real worker command, in a process each. */
export async function startGate(): Promise<GateStack> {
  const ports = { ZMQ_PORT: await freePort(), HTTP_PORT: await freePort() };
  const process_ = await startProgram(
    process.execPath,
    [command, "serve", "-c", `${here}contenders/gate/gate.config.ts`, "--log-level", "error"],
    /ready in/,
    ports,
  );
  await startProgram(
    process.execPath,
    [command, "worker", `${here}contenders/gate/handlers.ts`, "--gate", `tcp://127.0.0.1:${ports.ZMQ_PORT}`, "--concurrency", "4096"],
    /serving/,
  );
  return { process: process_, ports };
}

/** A client of Gate. */
export function startGateClient({ ports }: GateStack): Promise<ChildProcess> {
  return startScript("contenders/gate/client.ts", ports);
}

/** The raw broker with its worker; returns its client. */
export async function startRaw(): Promise<ChildProcess> {
  const ports = { FRONT_PORT: await freePort(), BACK_PORT: await freePort() };
  await startScript("contenders/raw/broker.ts", ports);
  await startScript("contenders/raw/worker.ts", ports);
  return startScript("contenders/raw/client.ts", ports);
}

/** What a Moleculer node needs to find the others. */
export async function moleculerOver(transporter: "TCP" | "NATS"): Promise<Record<string, string | number> | undefined> {
  if (transporter === "TCP") return { TRANSPORTER: "TCP", TCP_PORTS: [await freePort(), await freePort(), await freePort()].join(",") };
  const server = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"].find(existsSync);
  if (server === undefined) return undefined;
  const port = await freePort();
  await startProgram(server, ["-a", "127.0.0.1", "-p", String(port)], /Server is ready/);
  return { TRANSPORTER: "NATS", NATS_PORT: port };
}
