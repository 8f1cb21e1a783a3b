import { invalidOption } from "./invalid-option.ts";
import { Rotation } from "./rotation.ts";
import type { Balancer, Candidate, Placement, Strategy } from "./strategy.ts";

/** Options of `consistentHash`. */
export interface ConsistentHashOptions {
  /**
   * Metadata key (HTTP header) whose value decides; default `"x-gate-hash"`. The gate reads no payloads: to hash by an argument, the
   * caller sends that argument under this key.
   */
  header?: string;
}

/**
 * The same key to the same endpoint: for caches and sessions that live in workers.
 *
 * Source: rendezvous hashing (Thaler & Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 6(1), 1998): the key
 * scores every endpoint and the best score wins. Bound: an endpoint that leaves moves only its own keys, 1/n of all on average, spread over
 * those that stay; one that joins takes 1/(n+1). A worker that comes back under the same id gets its keys back.
 *
 * A full endpoint is not among the choices: its keys go to their second best, always the same one, and return when it has room. Affinity
 * yields to availability; a worker must do the right thing for a foreign key, only more slowly. Weights are ignored, and one hot key is one
 * hot endpoint. A job without the key is spread as by `roundRobin`. Costs O(n) per pick. Not for even load: use `p2c`.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Strategy {
  const { header = "x-gate-hash" } = options;
  if (typeof header !== "string" || !/^[^\s:][^\s]*$/.test(header))
    throw invalidOption("consistentHash", "header", header, 'write the name of a metadata key, such as "x-user"');
  const key = header.toLowerCase();
  return { name: "consistentHash", options: { header: key }, createBalancer: () => new Rendezvous(key) };
}

class Rendezvous implements Balancer {
  readonly #header: string;
  readonly #rotation = new Rotation();

  constructor(header: string) {
    this.#header = header;
  }

  pick<C extends Candidate>(available: readonly C[], job: Placement): C | undefined {
    const key = job.metadata.get(this.#header);
    if (key === undefined) return this.#rotation.next(available);
    const keyState = absorb(0x811c9dc5, key);
    let best: C | undefined;
    let most = -1;
    for (const endpoint of available) {
      const score = mix(absorb(keyState, endpoint.id));
      if (score > most) {
        most = score;
        best = endpoint;
      }
    }
    return best;
  }
}

/** FNV-1a over UTF-16 units. Not for secrets: who chooses keys can choose their endpoint. */
function absorb(state: number, text: string): number {
  let next = state;
  for (let at = 0; at < text.length; at++) next = Math.imul(next ^ text.charCodeAt(at), 0x01000193);
  return next;
}

/** The finisher of murmur3: FNV alone leaves the high bits of similar texts alike. */
function mix(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
