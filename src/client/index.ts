/** The door for callers. */
export { GateError } from "../error/gate-error.ts";
export type { Call } from "./call.ts";
export { type CallOptions, type Client, type ClientOptions, connect } from "./client.ts";
export type { Remote, RemoteStream, RemoteValue, UntypedRemote } from "./remote.ts";
