import { type Clock, GateError, type Job, type Timer } from "unigate/transport";
import type { TenantOptions } from "./tenant-options.ts";
import { TenantShares } from "./tenant-shares.ts";
import { readTenants, type TenantOf, tokenKeyOf } from "./tenant-token.ts";

/** What becomes of a call that asks to enter: exactly one of them is called, unless it is taken back. */
export interface Entrance {
  /** `leave` when the call is over. */
  enter(leave: () => void): void;
  refuse(error: GateError): void;
}

/** Figures of the tenants of an upstream. */
export interface TenantFigures {
  waiting: number;
  tenants: Record<string, { calls: number; reserved: number }>;
}

interface Waiting {
  tenant: string;
  begin(): void;
}

/** Calls that may wait for a place, all tenants together. */
const maxWaiting = 1000;
/** Tenants that the figures name. */
const maxShown = 100;

/** The door of an upstream with tenants: it tells whose a call is, and lets it in when there is a place for its tenant. */
export class TenantRoom {
  /** Metadata key of the token that a call brings. */
  readonly tokenKey: string;
  readonly #tenantOf: TenantOf;
  readonly #shares: TenantShares;
  readonly #clock: Clock;
  readonly #acquireMs: number;
  readonly #waiting = new Set<Waiting>();
  readonly #named: readonly string[];
  readonly #admitted = new WeakSet<Job>();

  /** `places`: calls at once that the upstream takes now. `acquireMs`: how long one waits for a place. */
  constructor(options: TenantOptions, clock: Clock, acquireMs: number, places: () => number) {
    this.tokenKey = tokenKeyOf(options);
    this.#tenantOf = readTenants(options, clock);
    this.#shares = new TenantShares(options.shares ?? {}, places);
    this.#named = Object.keys(options.shares ?? {});
    this.#clock = clock;
    this.#acquireMs = acquireMs;
  }

  get figures(): TenantFigures {
    const names = [...new Set([...this.#named, ...this.#shares.taken.keys()])].slice(0, maxShown);
    const tenants = names.map((tenant) => [
      tenant,
      { calls: this.#shares.taken.get(tenant) ?? 0, reserved: this.#shares.reserved(tenant) },
    ]);
    return { waiting: this.#waiting.size, tenants: Object.fromEntries(tenants) as TenantFigures["tenants"] };
  }

  /**
   * Asks for a place for a call with `token`, which waits `waitMs` at most, or as long as the pool says. Refuses with `unauthenticated`,
   * `resource_exhausted` or `deadline_exceeded`. Gives what takes the question back.
   */
  ask(token: string | readonly string[] | undefined, waitMs: number, entrance: Entrance): () => void {
    let takeBack = (): void => {};
    let isOver = false;
    void this.#tenantOf(token).then(
      (tenant) => {
        if (!isOver) takeBack = this.#place(tenant, waitMs, entrance);
      },
      (error: unknown) => {
        if (!isOver) entrance.refuse(GateError.from(error, "unauthenticated"));
      },
    );
    return () => {
      isOver = true;
      takeBack();
    };
  }

  /** The job is of a call that was let in. */
  admit(job: Job): void {
    this.#admitted.add(job);
  }

  /** Tells whether the job is of a call that was let in; one that came by another door is not. */
  isAdmitted(job: Job): boolean {
    return this.#admitted.has(job);
  }

  /** Lets in whoever waits and has a place now; call it when there may be more of them. */
  serve(): void {
    const full = new Set<string>();
    for (const one of this.#waiting) {
      if (full.has(one.tenant)) continue;
      if (this.#shares.take(one.tenant)) one.begin();
      else full.add(one.tenant);
    }
  }

  #place(tenant: string, waitMs: number, entrance: Entrance): () => void {
    const leave = (): void => {
      this.#shares.release(tenant);
      this.serve();
    };
    if (this.#shares.take(tenant)) {
      entrance.enter(leave);
      return () => {};
    }
    if (waitMs <= 0) {
      entrance.refuse(new GateError("resource_exhausted", `no place for tenant ${JSON.stringify(tenant)}; try again later`));
      return () => {};
    }
    if (this.#waiting.size >= maxWaiting) {
      entrance.refuse(new GateError("resource_exhausted", `${maxWaiting} calls wait for a place, which is the limit`));
      return () => {};
    }
    let timer: Timer | undefined;
    const stop = (): void => {
      timer?.clear();
      this.#waiting.delete(one);
    };
    const one: Waiting = {
      tenant,
      begin() {
        stop();
        entrance.enter(leave);
      },
    };
    this.#waiting.add(one);
    timer = this.#clock.after(Math.min(this.#acquireMs, waitMs), () => {
      stop();
      entrance.refuse(this.#expiry(tenant, waitMs));
    });
    return stop;
  }

  #expiry(tenant: string, waitMs: number): GateError {
    if (waitMs < this.#acquireMs) return new GateError("deadline_exceeded", "the call's time was over before it found a place");
    return new GateError("resource_exhausted", `no place for tenant ${JSON.stringify(tenant)} in ${this.#acquireMs} ms`);
  }
}
