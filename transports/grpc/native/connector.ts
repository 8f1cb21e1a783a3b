import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { type Connector, GateError } from "unigate/transport";
import { errorOfTrailers } from "../messages/status-trailers.ts";
import { sessionFault } from "../client/session-fault.ts";
import { authorityOf } from "./authority.ts";
import { GrpcConnection } from "./grpc-connection.ts";

const maxFrameBytes = 1024 * 1024 * 1024;
/** Room for frames under way, in bytes: the default of 64 KiB would make every larger frame wait for a round trip. */
const windowBytes = 4 * 1024 * 1024;

/** Opens links to a gate's gRPC port: `grpc://host:port`, and `grpcs://` over TLS. */
export const connector: Connector = {
  connect(url, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<GrpcConnection>();
    const session = connect(authorityOf(url), { settings: { initialWindowSize: windowBytes, enablePush: false } });
    const what = `cannot reach a gate at ${url.href}`;
    const refuse = (error: GateError): void => {
      settle();
      session.destroy();
      reject(error);
    };
    const giveUp = (): void => refuse(new GateError("unavailable", `${what}: no answer in time`));
    const settle = (): void => signal.removeEventListener("abort", giveUp);
    if (signal.aborted) {
      giveUp();
      return promise;
    }
    signal.addEventListener("abort", giveUp, { once: true });
    session.on("error", (error) => refuse(sessionFault(what, error)));
    session.once("connect", () => session.setLocalWindowSize(windowBytes));
    const stream = session.request({
      ":method": "POST",
      ":path": "/gate.v1.Gate/Connect",
      "content-type": "application/grpc+proto",
      te: "trailers",
    });
    // An error of the stream before its response; the session tells its own.
    stream.on("error", (error) => refuse(sessionFault(what, error)));
    stream.once("response", (headers) => {
      const problem = problemOf(headers);
      if (problem !== undefined) return refuse(new GateError("unavailable", `${what}: ${problem}`));
      settle();
      resolve(connectionOf(session, stream, url.href));
    });
    return promise;
  },
};

function connectionOf(session: ClientHttp2Session, stream: ReturnType<ClientHttp2Session["request"]>, remote: string): GrpcConnection {
  let outcome: GateError | undefined;
  stream.once("trailers", (trailers) => {
    outcome = errorOfTrailers(trailers) ?? new GateError("unavailable", "the gate closed the connection");
  });
  stream.once("close", () => session.close());
  return new GrpcConnection({ stream, remote, maxFrameBytes, finish: () => stream.end(), outcome: () => outcome });
}

function problemOf(headers: IncomingHttpHeaders): string | undefined {
  const status = String(headers[":status"]);
  if (status !== "200") return `it answered with HTTP status ${status}`;
  if (headers["grpc-status"] === undefined) return undefined;
  return errorOfTrailers(headers)?.message ?? "it ended the link at once";
}
