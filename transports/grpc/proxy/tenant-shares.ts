/** Never too few by a rounding error. */
const epsilon = 1e-9;

/**
 * Who of several tenants gets the next place of a pool: a tenant always gets those that are reserved for it, and beyond them what
 * nobody else has reserved and not taken.
 *
 * So however much the others call, a tenant finds its own share free; and a place lies idle only while it is kept for somebody.
 */
export class TenantShares {
  readonly #shares: ReadonlyMap<string, number>;
  readonly #places: () => number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  /** `places`: all there are, now. */
  constructor(shares: Readonly<Record<string, number>>, places: () => number) {
    this.#shares = new Map(Object.entries(shares));
    this.#places = places;
  }

  /** Places that each tenant has now. */
  get taken(): ReadonlyMap<string, number> {
    return this.#taken;
  }

  /** Places that are kept for a tenant. */
  reserved(tenant: string): number {
    return Math.floor((this.#shares.get(tenant) ?? 0) * this.#places() + epsilon);
  }

  /** Takes a place, or tells that there is none for this tenant. */
  take(tenant: string): boolean {
    const own = this.#taken.get(tenant) ?? 0;
    const kept = own < this.reserved(tenant) ? 0 : this.#keptFromOthers(tenant);
    if (this.#total + kept >= this.#places()) return false;
    this.#taken.set(tenant, own + 1);
    this.#total++;
    return true;
  }

  release(tenant: string): void {
    const left = (this.#taken.get(tenant) ?? 1) - 1;
    if (left > 0) this.#taken.set(tenant, left);
    else this.#taken.delete(tenant);
    this.#total--;
  }

  #keptFromOthers(tenant: string): number {
    let kept = 0;
    for (const other of this.#shares.keys())
      if (other !== tenant) kept += Math.max(0, this.reserved(other) - (this.#taken.get(other) ?? 0));
    return kept;
  }
}
