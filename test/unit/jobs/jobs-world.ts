import { connect, createWorker, currentJob, defineService, type GateConfig, type JobsConfig, type Worker } from "unigate";
import { createGate, type Gate, type GateOptions } from "unigate/gate";
import { type AsyncJobStatus, type Transport } from "unigate/transport";
import { onTestFinished } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { memory } from "../../support/memory.ts";

const noTransport: Transport = { name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) };

/** A job as `Gate.job` shows it. */
export type ShownJob = AsyncJobStatus & { result?: unknown };

/** A gate without a door, one client, and workers that come and go. */
export class JobsWorld {
  readonly gate: Gate;
  readonly client: ReturnType<typeof connect>;
  readonly #workers: Worker[] = [];

  static async open(jobs: JobsConfig = {}, config: Partial<GateConfig> = {}, options: GateOptions = {}): Promise<JobsWorld> {
    const gate = createGate(
      { transports: [noTransport], settle: 0, routes: { "mail.*": {} }, jobs: { retryDelay: 1, ...jobs }, ...config },
      options,
    );
    await gate.start();
    return new JobsWorld(gate);
  }

  private constructor(gate: Gate) {
    this.gate = gate;
    this.client = connect("tcp://unused:1", { open: async () => memory(this.gate) });
    onTestFinished(async () => {
      await this.client.close();
      for (const worker of this.#workers) await worker.close();
      await gate.close();
    });
  }

  async serve(methods: Record<string, (...args: never[]) => unknown>, concurrency = 1): Promise<Worker> {
    const services = [defineService("mail", methods)];
    const worker = createWorker({ services, gate: "tcp://unused:1", open: async () => memory(this.gate), concurrency });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  async submit(method: string, args: unknown[] = [], options: Record<string, unknown> = {}): Promise<AsyncJobStatus & { isNew: boolean }> {
    return await this.client.call("Gate.submit", [`mail.${method}`, args, options]);
  }

  async job(id: string): Promise<ShownJob> {
    return await this.client.call("Gate.job", [id]);
  }

  /** The job, once it is in that state. */
  async jobOnce(id: string, state: string): Promise<ShownJob> {
    let job = await this.job(id);
    await eventuallyTrue(`job ${id} is ${state}`, async () => (job = await this.job(id)).state === state);
    return job;
  }
}

/** The number of the attempt under which a handler runs. */
export function attempt(): number {
  return Number(currentJob().metadata.get("x-job-attempt"));
}
