import { type Connection, type Connector, GateError, silentLogger, systemClock } from "unigate/transport";
import { endLinksToLost } from "./mailbox/doubted-peers.ts";
import { Links } from "./mailbox/links.ts";
import { connectToOwnGate } from "./own-gate.ts";
import { Participant, type ParticipantOptions } from "./participant.ts";
import { type RedisSettings, settingsOfUrl } from "./settings.ts";
import type { Member } from "./table/member.ts";
import * as workers from "./worker/worker-host.ts";

/**
 * Opens links of clients: to a gate that shares the Redis, or to one of their own where there is none. With `?gate=` in the URL, only to
 * the gate of that name or id, and with `?gate=*` to any that runs.
 */
export const connector: Connector = {
  async connect(url, signal) {
    const options = optionsOf(url);
    const participant = await withSignal(Participant.join(options), signal, (late) => late.close());
    const wanted = url.searchParams.get("gate");
    const gate = [...participant.table.members].find(([, member]) => isWanted(member, wanted))?.[0];
    if (gate !== undefined) return linkTo(gate, participant);
    const others = [...participant.table.members.values()].flatMap(({ kind, name }) => (kind === "gate" ? [name] : []));
    await participant.close();
    if (wanted !== null) throw noGate(wanted, others, options.settings);
    return await connectToOwnGate(options.settings);
  },
};

/** Opens the connection of a worker: see `connectWorker` of the worker's host. */
export async function connectWorker(url: URL, signal: AbortSignal): Promise<Connection> {
  return await withSignal(workers.connectWorker(optionsOf(url)), signal, (late) => late.close());
}

function isWanted({ kind, name, id }: Member, wanted: string | null): boolean {
  return kind === "gate" && (wanted === null || wanted === "*" || wanted === name || wanted === id);
}

function noGate(wanted: string, others: readonly string[], { address, prefix }: RedisSettings): GateError {
  const which = wanted === "*" ? "no gate" : `no gate named ${JSON.stringify(wanted)}`;
  const hint = others.length === 0 ? "start one with this Redis among its transports" : `there is ${others.slice(0, 5).join(", ")}`;
  return new GateError("unavailable", `${which} is at ${address.label} under the prefix ${prefix}; ${hint}`);
}

function optionsOf(url: URL): ParticipantOptions {
  return { settings: settingsOfUrl(url), clock: systemClock, logger: silentLogger };
}

function linkTo(gate: string, participant: Participant): Connection {
  const links = new Links(participant.post);
  endLinksToLost(participant, links);
  participant.handle({ redisLost: (error) => links.close(error) });
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
