/** A mistake of whoever typed the command: wrong usage, a config or a handlers file with faults. Exits with 2. */
export class UserError extends Error {
  /** What to do about it. */
  readonly next: string | undefined;

  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
    this.next = next;
  }
}
