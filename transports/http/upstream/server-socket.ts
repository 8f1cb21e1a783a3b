import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where a server is. */
export interface ServerAddress {
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: number;
}

const readBytes = 64 * 1024;

/**
 * Each read is taken in full, and what stays of it copied, before the next one: one buffer does for all connections.
 *
 * Not so on Windows, where a read has its buffer from the beginning, and not with TLS, which reads ahead.
 */
const sharedBuffer = process.platform === "win32" ? undefined : Buffer.allocUnsafeSlow(readBytes);

/**
 * Begins to connect to a server; what it says goes to `callback`, in a buffer that is used again.
 *
 * With TLS the server has to prove `servername`, or without one its address.
 */
export function openSocket(server: ServerAddress, servername: string | undefined, callback: OnReadOpts["callback"]): Socket {
  const { hostname: host, port, isSecure } = server;
  const buffer = (isSecure ? undefined : sharedBuffer) ?? Buffer.allocUnsafeSlow(readBytes);
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, onread: { buffer, callback } };
  if (!isSecure) return connectTcp(options);
  return connectTls({ ...options, ALPNProtocols: ["http/1.1"], ...(servername === undefined ? {} : { servername }) });
}

/** The name under which a server has to show its certificate; undefined for an address. `host` may have a port. */
export function servernameOf(host: string): string | undefined {
  const name = host.replace(/:\d*$/, "");
  return name.startsWith("[") || isIP(name) !== 0 ? undefined : name;
}
