import type { GateHost } from "unigate/transport";
import type { Match } from "../bindings.ts";
import { slashMissing, toBoundPath } from "../proxy/bound-path.ts";
import { refuseUnsafe } from "../proxy/forward.ts";
import { ProxiedReply } from "../proxy/proxied-reply.ts";
import { toProxiedJob } from "../proxy/proxied-job.ts";
import type { RequestHead } from "../request-job.ts";
import { admit } from "../request-key.ts";
import type { FetchReply } from "./fetch-reply.ts";

/** A request whose body is here, for a method that stands for a whole HTTP server. */
export interface PassedRequest {
  head: RequestHead;
  body: Uint8Array;
  /** Whom it was sent to, `https://gate.example/app/x`. */
  url: string;
  /** The caller's address, empty when nobody knows it. */
  remote: string;
  match: Match;
}

/** Passes a request as it is, and the answer as it comes; throws for one that must not be passed on. */
export function pass(gate: GateHost, via: string, { head, body, url, remote, match }: PassedRequest, reply: FetchReply): void {
  const { method = "GET", url: path = "/" } = head;
  const elsewhere = method === "GET" || method === "HEAD" ? slashMissing(match, path) : undefined;
  if (elsewhere !== undefined) {
    reply.writeHead(308, { location: elsewhere });
    return reply.end();
  }
  refuseUnsafe({ gate, via }, head, match.target);
  const keyHeader = admit(gate, head, match.target);
  const to = toBoundPath(match, path, head.headers.via === undefined ? `1.1 ${via}` : `${head.headers.via}, 1.1 ${via}`);
  const { host, protocol } = new URL(url);
  const socket = { ...(remote === "" ? {} : { remoteAddress: remote }), ...(protocol === "https:" ? { encrypted: true } : {}) };
  const job = toProxiedJob({
    target: to.target,
    path: to.path,
    // The gate's key is the gate's: no server sees it.
    headers: keyHeader === undefined ? to.headers : { ...to.headers, [keyHeader]: null },
    request: { ...head, headers: { host, ...head.headers }, socket },
    forwarding: { callerOf: () => remote, believes: () => false },
    body,
  });
  const passed = new ProxiedReply({ response: reply, requestId: job.id, isDraining: () => false });
  passed.controlledBy(gate.dispatch(job, passed));
}
