/** The label of everything that is beyond the bound. */
const otherLabel = "other";

/** Bounds how many values a label takes: the first ones keep their names, all others share `other`. */
export class LabelBound {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The value itself, or `other`; a new one takes a place while there is one. */
  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return otherLabel;
    this.#known.add(value);
    return value;
  }

  /** Tells whether the value is one of the many that share `other`; before its first `of`, it is. */
  isBeyond(value: string): boolean {
    return !this.#known.has(value);
  }
}
