import type { GateConfig } from "../config/gate-config.ts";
import type { Clock } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Random } from "../observe/random.ts";
import type { Connection } from "../transport/connection.ts";
import type { GateStatus } from "../transport/status.ts";
import type { Address } from "../transport/address.ts";
import type { Transport } from "../transport/transport.ts";

/** What a gate may be given instead of the machine's own. */
export interface GateOptions {
  logger?: Logger;
  clock?: Clock;
  random?: Random;
}

/** A running gateway. */
export interface Gate {
  readonly id: string;
  /** A key for the workers that this process starts for itself, new with every start. */
  readonly ownKey: string;
  readonly addresses: readonly (Address & { transport: string })[];
  readonly status: GateStatus;
  /** Opens every door; rejects, with every door closed again, when one cannot open. */
  start(): Promise<void>;
  /** Opens one more door, beside those of the config: it stays until the gate closes. Rejects when it cannot open. */
  open(transport: Transport): Promise<void>;
  /** Speaks the gate protocol over a connection that the caller made, e.g. one end of `createMemoryPair`. */
  accept(connection: Connection): void;
  /**
   * Takes a changed config: routes and keys at once, queued jobs stay. A transport with other options listens anew; links that came
   * through the old one live on. Rejects when one cannot, and the doors stay as they were.
   */
  reload(config: GateConfig): Promise<void>;
  /** Finishes running jobs, for at most the config's `drainTimeout`, then closes. */
  drain(): Promise<void>;
  /** Stops now: running jobs fail as `unavailable`. */
  close(): Promise<void>;
}
