import { GateError, type GateHost, type Job } from "unigate/transport";
import type { Bindings } from "../bindings.ts";
import { slashMissing, toBoundPath } from "../proxy/bound-path.ts";
import { type Forward, refuseUnsafe } from "../proxy/forward.ts";
import { toProxiedJob } from "../proxy/proxied-job.ts";
import { ProxiedReply } from "../proxy/proxied-reply.ts";
import { toServicePath } from "../registry/service-path.ts";
import type { RequestHead } from "../request-job.ts";
import { admit } from "../request-key.ts";
import { BodySender } from "./body-sender.ts";
import type { FetchReply } from "./fetch-reply.ts";
import { type BodyRules, readBody, tooSlow } from "./fetch-request.ts";
import { refuse } from "./refuse.ts";

/** Up to here a body of known length is read before the job starts: then it can be sent again, and a slow caller holds no connection. */
const wholeBytes = 64 * 1024;

/** What decides whether a request passes as it is, and how. */
export interface PassRules {
  gate: GateHost;
  control: string;
  /** The name of the gate in `Via`. */
  via: string;
  bindings: Bindings;
  /** Tells whether `/svc/{name}` leads to this target. */
  knowsService: (target: string) => boolean;
  body: BodyRules;
}

/** Where a request passes: to a server, or to the same path with a slash at its end. */
type Way = { to: Forward } | { elsewhere: string };

/** Passes a request to the HTTP server that it is for, a registered service or what is bound to `ANY`; false when it is for none. */
export async function pass(rules: PassRules, request: Request, head: RequestHead, reply: FetchReply, remote: string): Promise<boolean> {
  const way = wayOf(rules, head);
  if (way === undefined) return false;
  if ("elsewhere" in way) {
    reply.writeHead(308, { location: way.elsewhere });
    reply.end();
    return true;
  }
  refuseUnsafe(rules, head, way.to.target);
  const keyHeader = admit(rules.gate, head, way.to.target);
  // The gate's key is the gate's: no server sees it.
  const to = keyHeader === undefined ? way.to : { ...way.to, headers: { ...way.to.headers, [keyHeader]: null } };
  if (request.body === null || Number(head.headers["content-length"]) <= wholeBytes) {
    const body = await readBody(request, rules.body, reply);
    if (body instanceof Uint8Array) start(rules.gate, jobOf(request, head, to, remote, body), reply);
    else refuse(reply, head, body.error, body.status);
  } else startStream(rules, request.body, jobOf(request, head, to, remote), head, reply);
  return true;
}

function wayOf({ control, via, bindings, knowsService }: PassRules, head: RequestHead): Way | undefined {
  const { method = "GET", url = "/" } = head;
  const service = toServicePath(control, url, knowsService);
  if (service !== undefined) return { to: service };
  const match = bindings.hasPassing ? bindings.find(method, url) : undefined;
  if (match?.passes !== true) return undefined;
  const elsewhere = method === "GET" || method === "HEAD" ? slashMissing(match, url) : undefined;
  if (elsewhere !== undefined) return { elsewhere };
  return { to: toBoundPath(match, url, head.headers.via === undefined ? `1.1 ${via}` : `${head.headers.via}, 1.1 ${via}`) };
}

/** A body that is not here yet streams. */
function jobOf({ url }: Request, head: RequestHead, to: Forward, remote: string, body?: Uint8Array): Job {
  const { host, protocol } = new URL(url);
  const socket = { ...(remote === "" ? {} : { remoteAddress: remote }), ...(protocol === "https:" ? { encrypted: true } : {}) };
  return toProxiedJob({
    ...to,
    request: { ...head, headers: { host, ...head.headers }, socket },
    forwarding: { callerOf: () => remote, believes: () => false },
    ...(body === undefined ? { streamsInput: true } : { body }),
  });
}

function start(gate: GateHost, job: Job, reply: FetchReply): void {
  const passed = new ProxiedReply({ response: reply, requestId: job.id, isDraining: () => false });
  passed.controlledBy(gate.dispatch(job, passed));
}

function startStream({ gate, body }: PassRules, stream: ReadableStream<Uint8Array>, job: Job, head: RequestHead, reply: FetchReply): void {
  const sender = new BodySender(stream, gate.clock, body.timeoutMs);
  const passed = new ProxiedReply({ response: reply, requestId: job.id, isDraining: () => false, onDrained: () => sender.drained() });
  const control = gate.dispatch(job, passed);
  passed.controlledBy(control);
  reply.once("close", () => sender.stop());
  sender.send(control).catch((error: unknown) => {
    const isSlow = GateError.is(error) && error.code === "deadline_exceeded";
    if (isSlow && !reply.headersSent) refuse(reply, head, error, tooSlow().status);
    else reply.destroy();
  });
}
