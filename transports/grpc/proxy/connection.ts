import { type ClientHttp2Session, connect } from "node:http2";
import type { Clock } from "unigate/transport";
import type { GrpcTls } from "../tls.ts";

/** What is heard of a connection to a server. */
export interface ConnectionEvents {
  opened(): void;
  /** It takes no new calls. */
  goingAway(): void;
  /** Calls at once that the server allows. */
  maxCalls(count: number): void;
  /** It is over; `isReached` is false when it never opened. */
  gone(isReached: boolean): void;
}

/** A server to connect to. */
export interface ServerAddress {
  /** `host:port`. */
  address: string;
  /** Speak TLS: true for the system's authorities. */
  tls: boolean | GrpcTls | undefined;
  /** `host:port` that calls and the certificate name, where it is not the address. */
  name?: string;
}

const windowBytes = 1024 * 1024;
/** Time for a connection to open, in ms. */
export const connectTimeoutMs = 5000;

/** Begins an HTTP/2 connection to a gRPC server. It does not keep the process alive. */
export function openConnection({ address, tls, name }: ServerAddress, clock: Clock, events: ConnectionEvents): ClientHttp2Session {
  const isPlain = tls === undefined || tls === false;
  let isReached = false;
  const session = connect(`${isPlain ? "http" : "https"}://${address}`, {
    settings: { enablePush: false, initialWindowSize: windowBytes },
    maxSessionMemory: 64,
    ...(name === undefined ? {} : { servername: name.slice(0, name.lastIndexOf(":")) }),
    ...(typeof tls === "object" ? { cert: tls.cert, key: tls.key, ca: tls.ca } : {}),
  });
  const timer = clock.after(connectTimeoutMs, () => session.destroy(new Error(`no connection to ${address} in ${connectTimeoutMs} ms`)));
  const gone = once(() => {
    timer.clear();
    events.gone(isReached);
  });
  session.once("connect", () => {
    timer.clear();
    isReached = true;
    session.setLocalWindowSize(windowBytes * 16);
    events.opened();
  });
  session.on("remoteSettings", ({ maxConcurrentStreams = Infinity }) => events.maxCalls(maxConcurrentStreams));
  session.once("goaway", () => events.goingAway());
  session.on("error", gone);
  session.once("close", gone);
  session.unref();
  return session;
}

/** Does `action` at the first call alone. */
export function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
