import { connect } from "node:net";
import { type Connection, type Connector, GateError } from "unigate/transport";
import { addressOf } from "./address.ts";
import { ZmtpConnection } from "./zmtp-connection.ts";

/** Largest frame of a client or worker, in bytes, until the gate names its own limit. */
const maxFrameBytes = 1024 * 1024 * 1024;

/** Opens ZeroMQ connections to a gate: `tcp://host:port` and `ipc:///path`. */
export const connector: Connector = {
  connect(url, signal) {
    // `URL` takes ipc://a/b apart into host and path.
    const address = url.protocol === "ipc:" ? `ipc://${url.host}${url.pathname}` : `tcp://${url.host}`;
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const unreachable = (reason: string): GateError => new GateError("unavailable", `cannot reach a gate at ${address}: ${reason}`);
    if (signal.aborted) return Promise.reject(unreachable("given up"));
    const connection: ZmtpConnection = new ZmtpConnection(connect(addressOf(address)), address, {
      socketType: "DEALER",
      peers: ["ROUTER"],
      maxMessageBytes: maxFrameBytes,
      onReady: () => resolve(connection),
      onRefused: (error) => reject(unreachable(reasonOf(error))),
    });
    signal.addEventListener("abort", () => connection.end(new GateError("unavailable", "no answer in time")), { once: true });
    return promise;
  },
};

function reasonOf(error: GateError): string {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED" || code === "ENOENT") return "the connection was refused";
  return error.message;
}
