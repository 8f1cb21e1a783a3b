import { type ClientHttp2Session, connect } from "node:http2";
import { authorityOf } from "../native/authority.ts";
import { sessionFault } from "./session-fault.ts";

/** Connects to a gRPC server at `grpc(s)://host:port`; rejects with `unavailable` when nobody answers there. */
export async function openSession(url: URL): Promise<ClientHttp2Session> {
  const session = connect(authorityOf(url));
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  session.on("error", (error) => reject(sessionFault(`cannot reach a gRPC server at ${url.href}`, error)));
  session.once("connect", () => resolve(session));
  return promise;
}
