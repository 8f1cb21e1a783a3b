/** The front door for users: configs, callers and handlers. The gate itself is `unigate/gate`; transports are one sub-path each. */
export { GateError, type GateErrorOptions, type WireError } from "./error/gate-error.ts";
export { type Code, codes } from "./error/code.ts";
