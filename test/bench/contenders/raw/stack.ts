import { freePort, type Program, startScript } from "../../process.ts";

/** Starts the raw broker and its worker; gives their client. */
export async function startRaw(): Promise<Program> {
  const ports = { FRONT_PORT: await freePort(), BACK_PORT: await freePort() };
  await startScript("contenders/raw/broker.ts", ports);
  await startScript("contenders/raw/worker.ts", ports);
  return startScript("contenders/raw/client.ts", ports);
}
