import type { Endpoint } from "unigate/transport";

/** Calls at once on each server of a group. */
export interface RoomLimits {
  size: number;
  /** What a full group may overflow to, on each server; the same as `size` when it may not. */
  limit: number;
}

/** A server as its room is shared out. */
export interface RoomMember {
  readonly endpoint: Pick<Endpoint, "capacity" | "inFlight" | "state" | "refresh">;
  /** Calls at once while it is on trial after a failure; `Infinity` when it is not. */
  trial: number;
}

/**
 * Keeps the capacity of the servers of a group: `size` each while one of them has room, and one place more than each has calls, up to
 * `limit`, while all are full.
 *
 * So calls overflow only when every server is full, are spread while they do, and the group is back at `size` as soon as calls end.
 */
export class CallRoom {
  readonly #limits: RoomLimits;
  readonly #members = new Set<RoomMember>();
  #isFull = false;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  add(member: RoomMember): void {
    this.#members.add(member);
    this.#isFull = this.#looksFull();
    this.#assignAll();
  }

  remove(member: RoomMember): void {
    this.#members.delete(member);
    this.changed();
  }

  /** Calls of `member` have begun or ended. Costs O(1) but where the group fills up, or has room again. */
  called(member: RoomMember): void {
    const { size, limit } = this.#limits;
    if (limit === size) return;
    const hasRoom = member.endpoint.inFlight < Math.min(size, member.trial);
    if (hasRoom === this.#isFull) return this.changed();
    if (this.#isFull) this.#assign(member);
  }

  /** A member came, went, or is up or down. */
  changed(): void {
    this.#isFull = this.#looksFull();
    this.#assignAll();
  }

  #looksFull(): boolean {
    if (this.#limits.limit === this.#limits.size) return false;
    for (const { endpoint, trial } of this.#members) {
      if (endpoint.state === "ready" && endpoint.inFlight < Math.min(trial, this.#limits.size)) return false;
    }
    return true;
  }

  #assignAll(): void {
    for (const member of this.#members) this.#assign(member);
  }

  #assign({ endpoint, trial }: RoomMember): void {
    const { size, limit } = this.#limits;
    const capacity = Math.min(trial, this.#isFull ? Math.min(limit, Math.max(size, endpoint.inFlight + 1)) : size);
    if (capacity === endpoint.capacity) return;
    endpoint.capacity = capacity;
    endpoint.refresh();
  }
}
