/** Every strategy, and the contract for one of your own. */
export { consistentHash, type ConsistentHashOptions } from "./consistent-hash.ts";
export { fifo } from "./fifo.ts";
export { leastConnections } from "./least-connections.ts";
export { p2c, type P2cOptions } from "./p2c.ts";
export { random, type RandomOptions } from "./random.ts";
export { roundRobin } from "./round-robin.ts";
export type { Balancer, Candidate, Outcome, Placement, Strategy } from "./strategy.ts";
export { version, type VersionOptions } from "./version.ts";
export { weightedRoundRobin } from "./weighted-round-robin.ts";
