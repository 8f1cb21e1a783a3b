import { type Connection, type Connector, GateError, silentLogger, systemClock } from "unigate/transport";
import { Links } from "./mailbox/links.ts";
import { connectToOwnGate } from "./own-gate.ts";
import { Participant, type ParticipantOptions } from "./participant.ts";
import { settingsOfUrl } from "./settings.ts";
import * as workers from "./worker/worker-host.ts";

/** Opens links of clients: to a gate that shares the Redis, or to one of their own where there is none. */
export const connector: Connector = {
  async connect(url, signal) {
    const options = optionsOf(url);
    const participant = await withSignal(Participant.join(options), signal, (late) => late.close());
    const gate = [...participant.table.members].find(([, { kind }]) => kind === "gate")?.[0];
    if (gate !== undefined) return linkTo(gate, participant);
    await participant.close();
    return await connectToOwnGate(options.settings);
  },
};

/** Opens the connection of a worker: see `connectWorker` of the worker's host. */
export async function connectWorker(url: URL, signal: AbortSignal): Promise<Connection> {
  return await withSignal(workers.connectWorker(optionsOf(url)), signal, (late) => late.close());
}

function optionsOf(url: URL): ParticipantOptions {
  return { settings: settingsOfUrl(url), clock: systemClock, logger: silentLogger };
}

function linkTo(gate: string, participant: Participant): Connection {
  const links = new Links(participant.post);
  participant.handle({
    membersLeft: (ids) => ids.forEach((id) => links.peerLost(id)),
    redisLost: (error) => links.close(error),
  });
  return links.open(gate, () => void participant.close());
}

async function withSignal<Value>(work: Promise<Value>, signal: AbortSignal, discard: (value: Value) => unknown): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new GateError("unavailable", "Redis did not answer in time"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    void work.then(discard, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
