/** Opening and reloading the gate of a command that runs one. */
import { createGate, type Gate } from "unigate/gate";
import { GateError, type Logger } from "unigate/transport";
import { type LoadedConfig, loadConfig } from "../load/load-config.ts";
import { watchFile } from "../supervise/watch-files.ts";
import { UserError } from "../user-error.ts";

/** Opens a gate on a loaded config; throws a `UserError` when a door does not open. */
export async function openGate({ config }: LoadedConfig, logger: Logger): Promise<Gate> {
  const gate = createGate(config, { logger });
  try {
    await gate.start();
    return gate;
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
}

/** Gives the gate its config file anew whenever that changes; one with faults is told, and the old one goes on. Returns the end of it. */
export function reloadConfigOnChange(gate: Gate, file: string, note: (text: string) => void): () => void {
  let version = 0;
  return watchFile(file, () => {
    version++;
    reload(gate, file, version).then(
      () => note(`${file} reloaded`),
      (error: unknown) => note(`${file} was not reloaded, the old one goes on: ${GateError.from(error).message}`),
    );
  });
}

async function reload(gate: Gate, file: string, version: number): Promise<void> {
  // A module stays loaded under its URL; another query is another URL.
  const { config } = await loadConfig(file, `?v=${version}`);
  await gate.reload(config);
}

/** Where this machine finds the gate: over ZeroMQ, else HTTP, else gRPC; undefined when it has none of them. */
export function localUrl(gate: Gate): string | undefined {
  const url = ["zmq", "http", "grpc"].flatMap((name) => gate.addresses.filter(({ transport }) => transport === name))[0]?.url;
  // A gate that listens on every network is found on its own machine.
  return url?.replace("//0.0.0.0:", "//127.0.0.1:").replace("//*:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}
