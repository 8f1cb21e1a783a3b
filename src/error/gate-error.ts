import { type Code, isCode, isRetryable } from "./code.ts";

// A registered symbol, so that two copies of the package in one program know each other's errors.
const brand: unique symbol = Symbol.for("unigate.GateError");

/** What a `GateError` may carry besides its code and message. */
export interface GateErrorOptions {
  /** Overrides what follows from the code. */
  retryable?: boolean;
  /** Plain data for programs: it crosses the wire, so no secrets and no class instances. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** A `GateError` as it crosses a wire: the cause and the stack stay at home. */
export interface WireError {
  code: Code;
  message: string;
  retryable?: boolean;
  details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error of the project: a closed code for programs, a message for people.
 *
 * Recognise it with `GateError.is`, which also holds across two copies of the package.
 */
export class GateError extends Error {
  readonly code: Code;
  /** The same call may succeed later without a change by the caller. */
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  static {
    Object.defineProperty(GateError.prototype, brand, { value: true });
  }

  constructor(code: Code, message: string, options: GateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GateError";
    this.code = code;
    this.retryable = options.retryable ?? isRetryable(code);
    this.details = options.details;
  }

  /** Tells whether `value` is a `GateError`, of this copy of the package or another. */
  static is(value: unknown): value is GateError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /**
   * Turns anything thrown into a `GateError`; one that already is passes unchanged.
   *
   * An aborted signal becomes `cancelled`, a timeout `deadline_exceeded`, all else `fallback`.
   * Called at four doors only: handler return, transport failure, config load, command line.
   */
  static from(thrown: unknown, fallback: Code = "unknown"): GateError {
    if (GateError.is(thrown)) return thrown;
    if (thrown instanceof Error) {
      const code = thrown.name === "AbortError" ? "cancelled" : thrown.name === "TimeoutError" ? "deadline_exceeded" : fallback;
      return new GateError(code, thrown.message || thrown.name, { cause: thrown });
    }
    return new GateError(fallback, textOf(thrown), { cause: thrown });
  }

  /** Rebuilds an error that a peer sent; a code we do not know becomes `unknown`. */
  static fromWire(wire: unknown): GateError {
    const { code, message, retryable, details } = (typeof wire === "object" && wire !== null ? wire : {}) as Record<string, unknown>;
    const options: GateErrorOptions = {};
    if (typeof retryable === "boolean") options.retryable = retryable;
    if (typeof details === "object" && details !== null) options.details = details as Readonly<Record<string, unknown>>;
    return new GateError(isCode(code) ? code : "unknown", typeof message === "string" ? message : "the peer sent no message", options);
  }

  /** The part that crosses a wire. */
  toWire(): WireError {
    const wire: WireError = { code: this.code, message: this.message };
    if (this.retryable !== isRetryable(this.code)) wire.retryable = this.retryable;
    if (this.details !== undefined) wire.details = this.details;
    return wire;
  }
}

// A handler may throw anything, also what cannot be made a text.
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown} that cannot be shown`;
  }
}
