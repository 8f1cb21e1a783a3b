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

/** What carries the frames of a link: ZeroMQ, or WebSocket. */
export type Carrier = "tcp" | "ws";

/** Starts `gate serve` as a gRPC proxy in front of a port. */
export async function startGateGrpc(upstream: number): Promise<{ pid: number; port: number }> {
  const port = await freePort();
  const args = [command, "serve", "-c", `${folder}grpc.config.ts`, "--log-level", "error"];
  const { pid } = await start({ args, ready: /ready in/, env: { GRPC_PORT: port, UPSTREAM_PORT: upstream } });
  return { pid, port };
}

/** Starts `gate serve` and `gate worker` with the echo, a process each. */
export async function startGateWithWorker(carrier: Carrier = "tcp"): Promise<GateStack> {
  const stack = await startGate();
  await start({
    args: [command, "worker", `${folder}handlers.ts`, "--gate", linkTo(stack, carrier), "--concurrency", "4096"],
    ready: /serving/,
  });
  return stack;
}

/** Starts `gate worker` with the echo on a Redis, and nothing else; gives a client that meets it there. */
export async function startGateOverRedis(port: number): Promise<Program> {
  const url = `redis://127.0.0.1:${port}`;
  await start({ args: [command, "worker", `${folder}handlers.ts`, "--gate", url, "--concurrency", "4096"], ready: /serving/ });
  return startScript("contenders/gate/client.ts", { GATE_URL: url });
}

/** Starts a client of a gate. */
export function startGateClient(stack: GateStack, carrier: Carrier = "tcp"): Promise<Program> {
  return startScript("contenders/gate/client.ts", { GATE_URL: linkTo(stack, carrier) });
}

function linkTo({ ports }: GateStack, carrier: Carrier): string {
  return `${carrier}://127.0.0.1:${carrier === "ws" ? ports.HTTP_PORT : ports.ZMQ_PORT}`;
}
