/** The door for clients on platforms other than Node: nothing behind it imports a Node module. */
export { GateError } from "../error/gate-error.ts";
export type { Connection, ConnectionHandler, Connector } from "../transport/connection.ts";
export type { Call } from "./call.ts";
export type { CallObservation, CallObserver } from "./call-observer.ts";
export { type CallOptions, type Client, type ClientOptions, type ClientPlatform, createClient } from "./client.ts";
export type { Remote, RemoteStream, RemoteValue, UntypedRemote } from "./remote.ts";
