import type { GateConfig } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { createMemoryPair, type Transport } from "unigate/transport";
import { createWorker, type Worker } from "unigate/worker";
import { checkBindings } from "../check-bindings.ts";
import { toSettings } from "../options.ts";
import { FetchDoor } from "./fetch-door.ts";
import type { FetchOptions } from "./options.ts";

/** A config whose gate needs no transport besides the handler. */
export type FetchConfig = Omit<GateConfig, "transports"> & Partial<Pick<GateConfig, "transports">>;

/** The gate behind a handler. */
export interface FetchGate {
  readonly door: FetchDoor;
  /** Finishes what runs, then closes. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** A way to open the gate of a config, at each call a new one; throws at once what is wrong with the config. */
export function gateOf(config: FetchConfig, options: FetchOptions): () => Promise<FetchGate> {
  const make = (): { gate: Gate; opened: Promise<FetchDoor> } => {
    const { transport, opened } = fetchTransport(options);
    return { gate: createGate({ ...config, transports: [...(config.transports ?? []), transport] }), opened };
  };
  let first: ReturnType<typeof make> | undefined = make();
  return async () => {
    const { gate, opened } = first ?? make();
    first = undefined;
    await gate.start();
    const worker = await serveInside(gate, options).catch(async (error: unknown) => {
      await gate.close();
      throw error;
    });
    return {
      door: await opened,
      drain: async () => {
        await gate.drain();
        await worker?.close();
      },
      close: async () => {
        await worker?.close();
        await gate.close();
      },
    };
  };
}

/** A way to open a door on a gate that somebody else runs. */
export function doorOn(gate: Gate, options: FetchOptions): () => Promise<FetchGate> {
  return async () => {
    const { transport, opened } = fetchTransport(options);
    await gate.open(transport);
    const worker = await serveInside(gate, options);
    return {
      door: await opened,
      drain: async () => worker?.drain(),
      close: async () => worker?.close(),
    };
  };
}

function fetchTransport(options: FetchOptions): { transport: Transport; opened: Promise<FetchDoor> } {
  const { promise: opened, resolve } = Promise.withResolvers<FetchDoor>();
  const transport: Transport = {
    name: "fetch",
    check: (bound) => checkBindings(options, bound),
    async start(gate) {
      const door = new FetchDoor(toSettings(options, gate.maxPayloadBytes), gate);
      resolve(door);
      return door;
    },
  };
  return { transport, opened };
}

async function serveInside(gate: Gate, { services = [] }: FetchOptions): Promise<Worker | undefined> {
  if (services.length === 0) return undefined;
  const open = async (): Promise<ReturnType<typeof createMemoryPair>[0]> => {
    const [mine, theirs] = createMemoryPair();
    gate.accept(theirs);
    return mine;
  };
  const worker = createWorker({ services, open, key: gate.ownKey, id: `inside-${gate.id}` });
  await worker.start();
  return worker;
}
