import { freePort, type Program, start, startScript } from "../../process.ts";

/** A running gate, and where it listens. */
export interface GateStack {
  gate: Program;
  ports: { ZMQ_PORT: number; HTTP_PORT: number };
}

/** The built command, as people run it. */
export const command: string = new URL("../../../../dist/cli/main.js", import.meta.url).pathname;

const folder = new URL(".", import.meta.url).pathname;

/** Starts `gate serve` alone. */
export async function startGate(): Promise<GateStack> {
  const ports = { ZMQ_PORT: await freePort(), HTTP_PORT: await freePort() };
  const args = [command, "serve", "-c", `${folder}gate.config.ts`, "--log-level", "error"];
  return { gate: await start({ args, ready: /ready in/, env: ports }), ports };
}

/** Starts `gate serve` as a proxy in front of a port; gives its own. */
export async function startGateProxy(upstream: number): Promise<number> {
  const port = await freePort();
  const args = [command, "serve", "-c", `${folder}proxy.config.ts`, "--log-level", "error"];
  await start({ args, ready: /ready in/, env: { HTTP_PORT: port, UPSTREAM_PORT: upstream } });
  return port;
}

/** Starts `gate serve` and `gate worker` with the echo, a process each. */
export async function startGateWithWorker(): Promise<GateStack> {
  const stack = await startGate();
  const url = `tcp://127.0.0.1:${stack.ports.ZMQ_PORT}`;
  await start({ args: [command, "worker", `${folder}handlers.ts`, "--gate", url, "--concurrency", "4096"], ready: /serving/ });
  return stack;
}

/** Starts a client of a gate. */
export function startGateClient({ ports }: GateStack): Promise<Program> {
  return startScript("contenders/gate/client.ts", ports);
}
