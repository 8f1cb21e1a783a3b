import { freePort, type Program, start, startScript } from "../../process.ts";
import { findProgram } from "../../programs.ts";

/** What a node needs to find the others. */
export type Wiring = Readonly<Record<string, string | number>>;

/** The wiring of Moleculer's own TCP: every node listens, no broker between them. */
export async function wireTcp(): Promise<Wiring> {
  return { TCP_PORTS: [await freePort(), await freePort(), await freePort()].join(",") };
}

/** Starts a NATS server for the nodes; nothing where it is not installed. */
export async function wireNats(): Promise<Wiring | undefined> {
  const command = findProgram("nats-server");
  if (command === undefined) return undefined;
  const port = await freePort();
  await start({ command, args: ["-a", "127.0.0.1", "-p", String(port)], ready: /Server is ready/ });
  return { NATS_PORT: port };
}

/** Starts a worker node; gives a client node. */
export async function startMoleculer(wiring: Wiring): Promise<Program> {
  await startScript("contenders/moleculer/worker.ts", wiring);
  return startScript("contenders/moleculer/client.ts", wiring);
}

/** Starts a worker node and a node with moleculer-web; gives the port of its HTTP door. */
export async function startMoleculerWeb(): Promise<number> {
  const port = await freePort();
  const wiring = { ...(await wireTcp()), HTTP_PORT: port };
  await startScript("contenders/moleculer/worker.ts", wiring);
  await startScript("contenders/moleculer/web.ts", wiring);
  return port;
}
