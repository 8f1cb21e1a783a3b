/** Where a door listens, and what for. */
export interface Address {
  url: string;
  /** For people: `HTTP calls`, `clients and workers`. */
  purpose: string;
}
