import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Clock } from "unigate/transport";
import { H2Connection } from "../h2/connection.ts";
import { type ConnectionEvents, connectTimeoutMs, once, type ServerAddress } from "./connection.ts";

const readBytes = 64 * 1024;

/**
 * Each read is taken in full, and what stays of it copied, before the next one: one buffer does for all connections.
 *
 * Not so on Windows, where a read has its buffer from the beginning, and not with TLS, which reads ahead.
 */
const sharedBuffer = process.platform === "win32" ? undefined : Buffer.allocUnsafeSlow(readBytes);

/** Begins a connection to a gRPC server on which many calls run. It does not keep the process alive. */
export function openCallConnection(at: ServerAddress, clock: Clock, events: ConnectionEvents): H2Connection {
  const isPlain = at.tls === undefined || at.tls === false;
  let isReached = false;
  const read = (count: number, buffer: Uint8Array): boolean => {
    connection.read((buffer as Buffer).subarray(0, count));
    return true;
  };
  const socket = openSocket(at, isPlain, read);
  const gone = once(() => {
    timer.clear();
    events.gone(isReached);
  });
  const connection: H2Connection = new H2Connection(
    socket,
    { role: "client", isPlain, reusesBuffers: true, now: () => clock.now() },
    { goingAway: () => events.goingAway(), maxStreams: (count) => events.maxCalls(count), closed: gone },
  );
  const timer = clock.after(connectTimeoutMs, () => connection.destroy(`no connection to ${at.address} in ${connectTimeoutMs} ms`));
  socket.once(isPlain ? "connect" : "secureConnect", () => {
    timer.clear();
    if (!isPlain && (socket as TLSSocket).alpnProtocol !== "h2") return connection.destroy(`${at.address} does not speak HTTP/2`);
    isReached = true;
    connection.reached();
    events.opened();
  });
  socket.unref();
  return connection;
}

function openSocket({ address, tls, name = address }: ServerAddress, isPlain: boolean, callback: OnReadOpts["callback"]): Socket {
  const [host, port] = splitPort(address);
  const buffer = (isPlain ? sharedBuffer : undefined) ?? Buffer.allocUnsafeSlow(readBytes);
  const options = { host, port, noDelay: true, onread: { buffer, callback } };
  if (isPlain) return connectTcp(options);
  const [servername] = splitPort(name);
  return connectTls({
    ...options,
    ALPNProtocols: ["h2"],
    ...(isIP(servername) === 0 ? { servername } : {}),
    ...(typeof tls === "object" ? { cert: tls.cert, key: tls.key, ca: tls.ca } : {}),
  });
}

function splitPort(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), Number(address.slice(colon + 1))];
}
