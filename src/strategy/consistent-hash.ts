import type { Balancer, Candidate, Placement, Strategy } from "./strategy.ts";

/** Options of `consistentHash`. */
export interface ConsistentHashOptions {
  /**
   * Metadata key (HTTP header) whose value decides; default `"x-gate-hash"`. To hash by an argument, the caller sends the argument under
   * this key: the gate does not read payloads.
   */
  by?: string;
}

/**
 * The same key to the same endpoint: for caches and sessions that live in workers.
 *
 * Rendezvous hashing (Thaler & Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996): every endpoint is scored with the key and
 * the best score wins, so that an endpoint that leaves moves only its own keys, 1/n of all. Costs O(n) per pick. A job whose endpoint is
 * full goes to the next best: affinity yields to availability. A job without the key is spread like `roundRobin`.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Strategy {
  const by = (options.by ?? "x-gate-hash").toLowerCase();
  return { name: "consistentHash", createBalancer: () => new Rendezvous(by) };
}

class Rendezvous implements Balancer {
  readonly #by: string;
  #next = 0;

  constructor(by: string) {
    this.#by = by;
  }

  pick<C extends Candidate>(available: readonly C[], job: Placement): C | undefined {
    const key = job.metadata.get(this.#by);
    if (key === undefined) return available[this.#next++ % available.length];
    let best: C | undefined;
    let most = -1;
    for (const endpoint of available) {
      const score = hash(`${endpoint.id}\u0000${key}`);
      if (score > most) {
        most = score;
        best = endpoint;
      }
    }
    return best;
  }
}

/** FNV-1a over UTF-16 units, finished with murmur3's mixer: FNV alone leaves the high bits of similar texts alike. Not for secrets. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
