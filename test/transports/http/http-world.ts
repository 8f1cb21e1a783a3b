import { createWorker, defineService, type GateConfig, type Worker } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { http } from "unigate/http";
import { onTestFinished } from "vitest";
import { methods } from "./methods.ts";
import { memory } from "../../support/memory.ts";

/** Lets go of what `slow` holds. */
export const holding = { release: (): void => {} };

const service = defineService("t", {
  ...methods,
  upload: async (form: { name: string; file: File }) => ({ name: form.name, file: form.file.name, text: await form.file.text() }),
  slow: () => new Promise<string>((resolve) => (holding.release = () => resolve("done"))),
  wait: () => new Promise(() => {}),
});

/** A gate with an HTTP port and the worker above. */
export async function open(
  config: Partial<GateConfig> = {},
  options: Parameters<typeof http>[0] = {},
): Promise<{ gate: Gate; worker: Worker; url: string }> {
  const gate = createGate({ settle: 0, ...config, transports: [http({ port: 0, ...options })] });
  await gate.start();
  const worker = createWorker({ services: [service], id: "w1", open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  return { gate, worker, url: gate.addresses[0]!.url };
}

/** A POST of JSON. */
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
