/** What the doctor has looked at, and found. */
export interface Finding {
  check: string;
  /** `warning`: it works, and less is promised. `broken`: it does not work. */
  state: "good" | "warning" | "broken";
  found: string;
  /** What to do about it. */
  remedy?: string;
}

/** A promise of the gate, and what this set-up makes of it. */
export interface PromiseFinding {
  promise: string;
  holds: "yes" | "limited" | "no";
  because: string;
}
