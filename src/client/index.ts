/** The door for callers. */
export { GateError } from "../error/gate-error.ts";
export type { Call } from "./call.ts";
export type { CallObservation, CallObserver } from "./call-observer.ts";
export type { CallOptions, Client, ClientOptions } from "./client.ts";
export { connect } from "./connect.ts";
export type { Remote, RemoteStream, RemoteValue, UntypedRemote } from "./remote.ts";
