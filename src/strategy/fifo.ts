import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * Strict order: every worker does one job of a method at a time, and waiting jobs start in the order in which they came.
 *
 * The first idle worker in the order of joining is taken, and held until its job has ended: a stream holds it to its last chunk, whatever
 * the worker's capacity (a worker of capacity 10 then still runs one job of each method). A job that is cancelled holds its worker until
 * that has let go. Bound: as many jobs of a method run as there are workers. Jobs on different workers may end in another order than they
 * started; with one worker they cannot, and a job that is placed again (no handler saw it) goes to the head. Costs O(n) per pick.
 * Not for throughput: use `leastConnections` or `p2c` where order does not matter.
 */
export function fifo(): Strategy {
  return { name: "fifo", options: {}, createBalancer: () => new Fifo() };
}

class Fifo implements Balancer {
  readonly #busy = new Set<Candidate>();

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    const idle = available.find((endpoint) => !this.#busy.has(endpoint));
    if (idle !== undefined) this.#busy.add(idle);
    return idle;
  }

  settled(endpoint: Candidate): void {
    this.#busy.delete(endpoint);
  }
}
