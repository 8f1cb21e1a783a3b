import { connect } from "node:net";
import { createWorker, type GateConfig, type ServiceDefinition, type Worker, type WorkerOptions } from "unigate";
import { createGate, type Gate, type GateOptions } from "unigate/gate";
import { http, type HttpOptions } from "unigate/http";
import { onTestFinished } from "vitest";
import { memory } from "./memory.ts";

/** What a gate with an HTTP port is made of. */
export interface HttpDoorOptions {
  http?: HttpOptions;
  config?: Partial<GateConfig>;
  gate?: GateOptions;
  worker?: Partial<WorkerOptions>;
}

/** A gate with one HTTP port and one worker in this process. */
export interface HttpDoorWorld {
  gate: Gate;
  worker: Worker;
  url: string;
  port: number;
  /** Adds one more worker; rejects when the gate refuses it. */
  join(service: ServiceDefinition, options?: Partial<WorkerOptions>): Promise<Worker>;
}

/** Starts them; both are closed when the test is over. */
export async function openHttpDoor(service: ServiceDefinition, options: HttpDoorOptions = {}): Promise<HttpDoorWorld> {
  const gate = createGate({ settle: 0, ...options.config, transports: [http({ port: 0, ...options.http })] }, options.gate);
  await gate.start();
  onTestFinished(() => gate.close());
  const join: HttpDoorWorld["join"] = async (one, more) => {
    const worker = createWorker({ services: [one], open: () => Promise.resolve(memory(gate)), ...more });
    onTestFinished(() => worker.close());
    await worker.start();
    return worker;
  };
  const worker = await join(service, { id: "w1", ...options.worker });
  // Bindings follow the methods one turn of the event loop later.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { url } = gate.addresses[0] as { url: string };
  return { gate, worker, url, port: Number(new URL(url).port), join };
}

/** Sends bytes as they are, pieces 50 ms apart, and gives back what came until the other side closed or `patienceMs` had passed. */
export async function exchange(port: number, pieces: string | string[], patienceMs = 500): Promise<{ text: string; isClosed: boolean }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  const closed = new Promise<true>((resolve) => socket.once("close", () => resolve(true)));
  for (const piece of [pieces].flat()) {
    socket.write(piece, "latin1");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const isClosed = await Promise.race([closed, new Promise<false>((resolve) => setTimeout(() => resolve(false), patienceMs))]);
  socket.destroy();
  return { text, isClosed };
}
