import type { MethodInfo } from "../job/method-info.ts";
import type { Endpoint } from "./endpoint.ts";

/** The endpoints that serve one target, in the order in which they joined. */
export class Pool {
  readonly target: string;
  /** What the latest worker to join said of the method; undefined before the first. */
  info: MethodInfo | undefined;
  readonly #members: Endpoint[] = [];
  readonly #available: Endpoint[] = [];

  constructor(target: string) {
    this.target = target;
  }

  /** All of them, whatever their state. */
  get members(): readonly Endpoint[] {
    return this.#members;
  }

  /** Those that are ready and have room: what a balancer picks from. */
  get available(): readonly Endpoint[] {
    return this.#available;
  }

  add(endpoint: Endpoint, info: MethodInfo): void {
    this.info = info;
    insert(this.#members, endpoint);
    if (endpoint.isAvailable) insert(this.#available, endpoint);
  }

  remove(endpoint: Endpoint): void {
    withdraw(this.#members, endpoint);
    withdraw(this.#available, endpoint);
  }

  availabilityChanged(endpoint: Endpoint): void {
    if (endpoint.isAvailable) insert(this.#available, endpoint);
    else withdraw(this.#available, endpoint);
  }
}

// Kept sorted by sequence: strategies may rely on the order of joining, and both moves cost a binary search.

function insert(list: Endpoint[], endpoint: Endpoint): void {
  const at = position(list, endpoint);
  if (list[at] !== endpoint) list.splice(at, 0, endpoint);
}

function withdraw(list: Endpoint[], endpoint: Endpoint): void {
  const at = position(list, endpoint);
  if (list[at] === endpoint) list.splice(at, 1);
}

function position(list: readonly Endpoint[], endpoint: Endpoint): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as Endpoint).sequence < endpoint.sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
