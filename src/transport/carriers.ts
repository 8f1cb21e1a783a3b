import { GateError } from "../error/gate-error.ts";
import type { Connection, Connector } from "./connection.ts";

/**
 * Which front door of this package carries which URL. Named here as text and loaded on first use: the core knows no transport,
 * and a program pays only for the carrier that it talks over.
 */
const doors: Readonly<Record<string, string>> = {
  "tcp:": "unigate/zmq",
  "ipc:": "unigate/zmq",
  "ws:": "unigate/http",
  "wss:": "unigate/http",
  "http:": "unigate/http",
  "https:": "unigate/http",
  "grpc:": "unigate/grpc",
  "grpcs:": "unigate/grpc",
  "redis:": "unigate/redis",
  "rediss:": "unigate/redis",
};

/** Parses the URL of a gate; throws `invalid_argument` that names the schemes there are. */
export function parseGateUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && url.protocol in doors) return url;
  const schemes = Object.keys(doors).map((scheme) => `${scheme}//`);
  throw new GateError(
    "invalid_argument",
    `${JSON.stringify(text)} is not the URL of a gate; write one that starts with ${schemes.join(", ")}, such as tcp://127.0.0.1:5555`,
  );
}

/** Opens a connection to the gate at `url`; rejects with `unavailable` and the reason. */
export async function openConnection(url: URL, signal: AbortSignal): Promise<Connection> {
  const connector = await connectorOf(url);
  return connector.connect(url, signal);
}

/** Opens the connection of a worker, whose way differs on a carrier that several gates share. */
export async function openWorkerConnection(url: URL, signal: AbortSignal): Promise<Connection> {
  const connector = await connectorOf(url);
  return await (connector.connectWorker?.(url, signal) ?? connector.connect(url, signal));
}

async function connectorOf({ protocol }: URL): Promise<Connector> {
  const { connector } = (await import(doors[protocol] as string)) as { connector: Connector };
  return connector;
}
