/**
 * The names of our keys. What one script or pipeline touches shares a hash tag, the part in braces, so that on a cluster it lies on
 * one slot.
 */
export interface Keys {
  /** Who is alive: a sorted set of participant ids by the end of their lease, in ms of Redis' clock. */
  readonly leases: string;
  /** What each participant says of itself: a hash by participant id. */
  readonly members: string;
  /** The methods of each service, also of one that no worker serves now: a hash by service. */
  readonly catalogue: string;
  /** When a worker of each service was last alive: a sorted set of services. */
  readonly served: string;
  /** Grows with every change of the table. */
  readonly version: string;
  /** When anyone last beat, in ms of Redis' clock. */
  readonly lastBeat: string;
  /** The mail of one participant: a stream. */
  mailbox(id: string): string;
  /** Jobs of one service that wait or run: a stream with one consumer group. */
  jobs(service: string): string;
  /** Jobs of one service that were put aside, each with its reason: a stream. */
  dead(service: string): string;
  /** How many of them there are of each target: a hash. */
  deadByTarget(service: string): string;
}

/** The consumer group of every stream of jobs. */
export const group = "workers";

/** Names every key under `prefix`. */
export function keysOf(prefix: string): Keys {
  const table = `${prefix}:{table}`;
  return {
    leases: `${table}:leases`,
    members: `${table}:members`,
    catalogue: `${table}:catalogue`,
    served: `${table}:served`,
    version: `${table}:version`,
    lastBeat: `${table}:last-beat`,
    mailbox: (id) => `${prefix}:{inbox:${id}}`,
    jobs: (service) => `${prefix}:{${service}}:jobs`,
    dead: (service) => `${prefix}:{${service}}:dead`,
    deadByTarget: (service) => `${prefix}:{${service}}:dead-by-target`,
  };
}
