import { WebSocket } from "ws";
import { certificateFault, type Connector, GateError } from "unigate/transport";
import { WsConnection } from "./ws-connection.ts";

const maxFrameBytes = 1024 * 1024 * 1024;

/** Opens WebSocket links to a gate's HTTP port: `ws(s)://host` and `http(s)://host`, at `/link` unless the URL has a path. */
export const connector: Connector = {
  connect(url, signal) {
    const scheme = url.protocol === "https:" || url.protocol === "wss:" ? "wss" : "ws";
    const address = `${scheme}://${url.host}${url.pathname === "/" ? "/link" : url.pathname}`;
    const { promise, resolve, reject } = Promise.withResolvers<WsConnection>();
    const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: maxFrameBytes });
    const unreachable = (reason: string): void => reject(new GateError("unavailable", `cannot reach a gate at ${url.href}: ${reason}`));
    const giveUp = (): void => {
      socket.terminate();
      unreachable("no answer in time");
    };
    signal.addEventListener("abort", giveUp, { once: true });
    const settled = (): void => signal.removeEventListener("abort", giveUp);
    socket.once("error", (error) => {
      settled();
      const fault = certificateFault(error, ["wss://", "ws://"]);
      if (fault === undefined) unreachable(reasonOf(error, address));
      else reject(new GateError("failed_precondition", `cannot reach a gate at ${url.href}: ${fault}`, { cause: error }));
    });
    socket.once("open", () => {
      settled();
      resolve(new WsConnection(socket, address, maxFrameBytes));
    });
    return promise;
  },
};

function reasonOf(error: Error & { code?: string }, address: string): string {
  // Worded by ws, which gives the status nowhere else.
  const [, status] = /^Unexpected server response: (\d+)$/.exec(error.message) ?? [];
  if (status === "404") return `${address} answered 404, as no gate does`;
  return status === undefined ? error.message || error.code || "the connection failed" : `${address} answered ${status}`;
}
