import { type ClientHttp2Session, connect } from "node:http2";
import { GateError } from "unigate/transport";
import { authorityOf } from "../native/authority.ts";

/** Connects to a gRPC server at `grpc(s)://host:port`; rejects with `unavailable` when nobody answers there. */
export async function openSession(url: URL): Promise<ClientHttp2Session> {
  const session = connect(authorityOf(url));
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  session.on("error", (error: Error & { code?: string }) =>
    reject(
      new GateError("unavailable", `cannot reach a gRPC server at ${url.href}: ${error.message || error.code || "it failed"}`, {
        cause: error,
      }),
    ),
  );
  session.once("connect", () => resolve(session));
  return promise;
}
