import { isSameOptions } from "../strategy/same-options.ts";
import { configError } from "../config/fault.ts";
import { GateError } from "../error/gate-error.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { GateInfo, PoolStatus } from "../transport/status.ts";
import type { Address } from "../transport/address.ts";
import type { Door, GateHost, Transport } from "../transport/transport.ts";

interface OpenDoor {
  transport: Transport;
  door: Door;
}

/** The doors of a gate, each beside the transport that it was made of. */
export class Doors {
  #open: OpenDoor[] = [];
  /** Doors beside those of the config. */
  readonly #guests: OpenDoor[] = [];
  /** Doors of transports that have left the config: they listen no more, and whoever came through them stays. */
  readonly #retired: Door[] = [];
  #isClosed = false;

  get transports(): { name: string; addresses: readonly Address[] }[] {
    return this.#all.map(({ transport, door }) => ({ name: transport.name, addresses: door.addresses }));
  }

  get #all(): OpenDoor[] {
    return [...this.#open, ...this.#guests];
  }

  /** Opens a door that is not of the config, so that no change of it closes this one. */
  async add(transport: Transport, gate: GateHost): Promise<void> {
    const faults = transport.check?.() ?? [];
    if (faults.length > 0) throw configError(transport.name, faults);
    if (this.#isClosed) throw new GateError("failed_precondition", `${transport.name} cannot be opened: the gate is closed`);
    this.#guests.push({ transport, door: await transport.start(gate) });
  }

  /** The same with what each tells of itself. */
  describe(): GateInfo["transports"] {
    return this.#open.map(({ transport: { name }, door }) => {
      const details = door.details?.();
      return { name, addresses: door.addresses, ...(details === undefined ? {} : { details }) };
    });
  }

  /** The pools of all; one whose name another door has too gets a number behind it. */
  pools(): PoolStatus[] {
    const names = new Map<string, number>();
    return this.#all.flatMap(({ transport, door }) =>
      (door.pools?.() ?? []).map((pool) => {
        const count = (names.get(pool.name) ?? 0) + 1;
        names.set(pool.name, count);
        return { ...pool, name: count === 1 ? pool.name : `${pool.name} (${count})`, transport: transport.name };
      }),
    );
  }

  /** Opens one door per transport; rejects at the first that cannot open, and leaves those before it open. */
  async open(transports: readonly Transport[], gate: GateHost): Promise<void> {
    for (const transport of transports) this.#open.push({ transport, door: await transport.start(gate) });
  }

  /**
   * Makes the doors those of `transports`: one that was made with equal options stays as it is.
   *
   * Rejects when a new one cannot open; the doors are then what they were before, each listening again.
   */
  async change(transports: readonly Transport[], gate: GateHost): Promise<void> {
    const before = this.#open;
    const left = [...before];
    const kept = transports.map((transport) => take(left, transport));
    // Those that leave go first: a new one may want their port.
    for (const { door } of left) this.#retire(door);
    this.#open = before.filter((open) => !left.includes(open));
    const opened: OpenDoor[] = [];
    try {
      for (const [at, transport] of transports.entries()) opened.push(kept[at] ?? { transport, door: await transport.start(gate) });
      this.#open = opened;
    } catch (error) {
      for (const open of opened) if (!kept.includes(open)) await open.door.close();
      for (const { transport } of left) this.#open.push({ transport, door: await transport.start(gate) });
      throw GateError.from(error, "failed_precondition");
    }
  }

  /** Why a worker's method cannot be served, or undefined. */
  refusal(method: MethodInfo): string | undefined {
    for (const { door } of this.#all) {
      const refusal = door.refusal?.(method);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  drain(): void {
    for (const { door } of this.#all) void door.drain();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#all.map(({ door }) => door), ...this.#retired].map((door) => door.close()));
  }

  #retire(door: Door): void {
    this.#retired.push(door);
    void door.drain();
  }
}

/** The door that a transport would make again, taken out of `left`. */
function take(left: OpenDoor[], wanted: Transport): OpenDoor | undefined {
  const at = left.findIndex(
    ({ transport }) =>
      transport === wanted ||
      (transport.name === wanted.name && transport.options !== undefined && isSameOptions(transport.options, wanted.options)),
  );
  return at < 0 ? undefined : left.splice(at, 1)[0];
}

/** Tells whoever reads the log which addresses other machines can reach while the gate has no keys. */
export function warnOfOpenDoors({ isLocked, addresses, logger }: Pick<GateHost, "isLocked" | "logger"> & Pick<Door, "addresses">): void {
  if (isLocked) return;
  for (const { url } of addresses) {
    const { hostname = "" } = URL.parse(url) ?? {};
    if (/^(127\.|localhost$|\[::1\]$|$)/.test(hostname)) continue;
    logger.warn("anyone who reaches this port may call and serve; set keys in the config, `gate keys generate` makes one", { url });
  }
}
