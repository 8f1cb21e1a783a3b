import { type Client, type ClientOptions, connect, createWorker, type ServiceDefinition, type Worker, type WorkerOptions } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import type { GateConfig } from "unigate";
import type { Connection, Transport } from "unigate/transport";

/** Opens one connection to a gate. */
export type Open = () => Promise<Connection>;

/** A carrier under test. */
export interface Carrier {
  /** What the gate listens with; none for a carrier without a port. */
  transports(): Transport[];
  /** How a client or worker reaches a gate that has been started. */
  opener(gate: Gate): Open;
  /** How a worker does, where that differs. */
  workerOpener?(gate: Gate): Open;
  capabilities: {
    /** Its connections can be cut without a goodbye; or why not. */
    cuts: true | { skip: string };
    /** Jobs wait at the gate, where its queues show them; or where else. */
    queues?: { skip: string };
  };
}

/** A gate, its workers and its clients, all over one carrier, all closed at the end. */
export class World implements AsyncDisposable {
  readonly gate: Gate;
  readonly open: Open;
  readonly #openWorker: Open;
  readonly #workers: Worker[] = [];
  readonly #clients: Client[] = [];

  private constructor(gate: Gate, open: Open, openWorker: Open) {
    this.gate = gate;
    this.open = open;
    this.#openWorker = openWorker;
  }

  static async create(carrier: Carrier, config: Partial<GateConfig> = {}): Promise<World> {
    const transports = carrier.transports();
    const gate = createGate({ settle: 0, ...config, transports: transports.length > 0 ? transports : [noTransport] });
    await gate.start();
    return new World(gate, carrier.opener(gate), carrier.workerOpener?.(gate) ?? carrier.opener(gate));
  }

  async worker(services: ServiceDefinition | ServiceDefinition[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = createWorker({ services: [services].flat(), open: this.#openWorker, gate: "tcp://unused:1", ...options });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  async client(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = connect("tcp://unused:1", { open: () => this.open(), ...options });
    this.#clients.push(client);
    await client.ready();
    return client;
  }

  /** Jobs that any worker holds, as the gate counts them. */
  inFlight(): number {
    return this.gate.status.workers().reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const worker of this.#workers) await worker.close();
    await this.gate.close();
  }
}

/** A gate without a port: its connections are handed to `gate.accept`. */
const noTransport: Transport = {
  name: "none",
  start: () => Promise.resolve({ addresses: [], drain: () => Promise.resolve(), close: () => Promise.resolve() }),
};

/** Resolves once `condition` holds; rejects with `what` after five seconds. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise that a test resolves. */
export function gateway<Value = void>(): PromiseWithResolvers<Value> {
  return Promise.withResolvers<Value>();
}
