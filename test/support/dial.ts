import type { Gate } from "unigate/gate";
import type { Connection, Connector } from "unigate/transport";

/** Opens connections to the first address of a gate. */
export function dial(connector: Connector, gate: Gate): () => Promise<Connection> {
  const [address] = gate.addresses;
  if (address === undefined) throw new Error("the gate has no address");
  return () => connector.connect(new URL(address.url), new AbortController().signal);
}

/** Opens connections of workers to the first address of a gate. */
export function dialAsWorker(connector: Connector, gate: Gate): () => Promise<Connection> {
  const url = new URL(gate.addresses[0]?.url ?? "");
  return () => connector.connectWorker?.(url, new AbortController().signal) ?? dial(connector, gate)();
}
