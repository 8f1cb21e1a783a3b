import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GateError } from "unigate/transport";
import { admit } from "../request-key.ts";
import { type Forward, type ForwardHost, refuseUnsafe } from "./forward.ts";
import { toProxiedJob } from "./proxied-job.ts";
import { refuseUpgrade, TunnelReply } from "./tunnel-reply.ts";

/** Brings a request for another protocol to an upstream; after its 101, bytes both ways. `first` has come already. */
export function forwardUpgrade(host: ForwardHost, request: IncomingMessage, socket: Duplex, first: Buffer, to: Forward): void {
  try {
    refuseUnsafe(host, request, to.target);
    const keyHeader = admit(host.gate, request, to.target);
    const job = toProxiedJob({
      ...to,
      request,
      headers: keyHeader === undefined ? to.headers : { ...to.headers, [keyHeader]: null },
      forwarding: host.forwarding,
      streamsInput: true,
      upgrade: request.headers.upgrade,
    });
    const reply = new TunnelReply(socket);
    reply.controlledBy(host.gate.dispatch(job, reply), first);
  } catch (error) {
    refuseUpgrade(socket, GateError.from(error, "internal"));
  }
}
