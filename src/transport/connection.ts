import type { GateError } from "../error/gate-error.ts";

/** What a connection tells its session. `closed` comes exactly once, and nothing after it. */
export interface ConnectionHandler {
  frame(frame: Uint8Array): void;
  /** Without an error: the peer or we closed in order. */
  closed(error?: GateError): void;
}

/**
 * A two-way carrier of frames to one peer.
 *
 * To sessions: frames arrive whole, in order, at most once. `send` takes the frame and never waits; a frame that cannot be
 * delivered closes the connection. To carriers: the frame is yours until you have sent it, its bytes do not change.
 */
export interface Connection {
  /** Name of the transport, e.g. `zmq`. */
  readonly carrier: string;
  /** Who is at the other end, for people. */
  readonly remote: string;
  /** Largest frame that it carries, in bytes. */
  readonly maxFrameBytes: number;
  /** Begins to deliver; called once. */
  open(handler: ConnectionHandler): void;
  send(frame: Uint8Array): void;
  /** Closes after what was sent has left; `closed` follows. */
  close(): void;
}

/** Opens connections to a gate: the half of a transport that clients and workers use. */
export interface Connector {
  /** Resolves with an open connection, or rejects with `unavailable` and the reason. */
  connect(url: URL, signal: AbortSignal): Promise<Connection>;
  /** Opens the connection of a worker; left out where it is like that of a client. */
  connectWorker?(url: URL, signal: AbortSignal): Promise<Connection>;
}
