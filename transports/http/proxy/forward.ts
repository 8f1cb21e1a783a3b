import type { IncomingMessage, ServerResponse } from "node:http";
import { GateError, type GateHost, type JobControl } from "unigate/transport";
import { refuseLoop } from "../loop.ts";
import { answerTooSlow } from "../malformed.ts";
import { toProblem } from "../problem.ts";
import type { OpenResponses } from "../open-responses.ts";
import { type RequestHead, requestIdOf } from "../request-job.ts";
import { admit } from "../request-key.ts";
import type { ForwardedRequest, Forwarding } from "./forwarded.ts";
import { type ProxiedTarget, ProxiedReply } from "./proxied-reply.ts";
import { dropLeftover } from "./leftover.ts";
import { toProxiedJob } from "./proxied-job.ts";
import { climbs } from "./unsafe-path.ts";

/** Up to here a body of known length is read before the job starts: then it can be sent again, and a slow caller holds no connection. */
const wholeBytes = 64 * 1024;

/** The proxying half of a door, as its requests need it. */
export interface ForwardHost {
  readonly gate: GateHost;
  readonly forwarding: Forwarding;
  /** Name of this gate in `Via`. */
  readonly via: string;
  /** Longest pause within a request's body, in ms; 0 for none. */
  readonly bodyIdleMs: number;
  readonly isDraining: () => boolean;
  readonly responses: OpenResponses;
}

/** Where a request goes. */
export interface Forward {
  /** `name.fetch`. */
  target: string;
  /** For the upstream, with the query. */
  path: string;
  headers?: Readonly<Record<string, string | null>> | undefined;
}

/** Brings a request to an upstream as a job, its body and the response streamed; constant memory whatever their size. */
export function forward(host: ForwardHost, request: IncomingMessage, response: ServerResponse, to: Forward): void {
  try {
    const admitted = admitTo(host, request, to);
    const length = bodyLength(request);
    host.responses.add(response);
    if (length === 0) start(host, request, response, admitted);
    else if (length <= wholeBytes) whenWhole(host, request, response, (body) => start(host, request, response, admitted, body));
    else startStream(host, request, response, admitted);
  } catch (error) {
    refuse(request, response, error);
  }
}

/** The same for a request whose body is there. */
export function forwardWhole(host: ForwardHost, request: ForwardedRequest, body: Buffer, response: ProxiedTarget, to: Forward): void {
  try {
    start(host, request, response, admitTo(host, request, to), body);
  } catch (error) {
    answer(request, response, error);
  }
}

function admitTo(host: ForwardHost, request: RequestHead, to: Forward): Forward {
  refuseUnsafe(host, request, to.target);
  const keyHeader = admit(host.gate, request, to.target);
  // The gate's key is the gate's: no upstream sees it.
  return keyHeader === undefined ? to : { ...to, headers: { ...to.headers, [keyHeader]: null } };
}

/** Throws for a request that must not be passed on: one that climbs out of its path, that has been here before, or that nobody can trust. */
export function refuseUnsafe({ gate, via }: Pick<ForwardHost, "gate" | "via">, request: RequestHead, target: string): void {
  if (climbs(request.url ?? "/")) throw new GateError("invalid_argument", "the path has a .. segment; write the path that is meant");
  refuseLoop(request, via);
  const webhook = gate.intake(target)?.webhook;
  if (webhook === undefined) return;
  const why = `requests for ${target} pass unread, so that no signature of ${webhook.name} is checked`;
  throw new GateError("unauthenticated", `${why}; bind the webhook to a method`);
}

/** Bytes that are to come: `Infinity` when nobody has said. */
function bodyLength({ headers }: IncomingMessage): number {
  if (headers["transfer-encoding"] !== undefined) return Infinity;
  return Number(headers["content-length"] ?? 0);
}

function start(host: ForwardHost, request: ForwardedRequest, response: ProxiedTarget, to: Forward, body?: Uint8Array): void {
  const job = toProxiedJob({ ...to, request, forwarding: host.forwarding, body });
  const reply = replyOf(host, response, job.id);
  reply.controlledBy(host.gate.dispatch(job, reply));
}

function startStream(host: ForwardHost, request: IncomingMessage, response: ServerResponse, to: Forward): void {
  const job = toProxiedJob({ ...to, request, forwarding: host.forwarding, streamsInput: true });
  const reply = replyOf(host, response, job.id, () => request.resume());
  const control = host.gate.dispatch(job, reply);
  reply.controlledBy(control);
  watchPauses(host, request, response);
  pipe(request, control);
  dropLeftover(request, response);
}

function pipe(request: IncomingMessage, control: JobControl): void {
  request.on("data", (piece: Buffer) => {
    if (control.input?.(piece) === false) request.pause();
  });
  request.on("end", () => control.endInput?.());
  request.on("error", () => {});
}

function whenWhole(host: ForwardHost, request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  watchPauses(host, request, response);
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("error", () => {});
  request.on("end", () => {
    try {
      done(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
    } catch (error) {
      refuse(request, response, error);
    }
  });
}

/** A caller that stops in the middle of its body must not hold an upstream for ever; one that we hold up ourselves may take its time. */
function watchPauses(host: ForwardHost, request: IncomingMessage, response: ServerResponse): void {
  if (host.bodyIdleMs === 0) return;
  let hasMoved = true;
  request.on("data", () => (hasMoved = true));
  const timer = host.gate.clock.every(host.bodyIdleMs, () => {
    const isStalled = !hasMoved && !request.isPaused() && !request.complete;
    if (isStalled) return response.writableFinished ? void request.socket.destroy() : answerTooSlow(request);
    hasMoved = false;
  });
  request.once("close", () => timer.clear());
}

function replyOf(host: ForwardHost, response: ProxiedTarget, requestId: string, onDrained?: () => void): ProxiedReply {
  return new ProxiedReply({ response, requestId, isDraining: host.isDraining, onDrained });
}

function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  // What is left of the body is of no use, and a connection that is not read to its end cannot be used again.
  if (!request.complete) response.shouldKeepAlive = false;
  answer(request, response, thrown);
}

function answer(request: RequestHead, response: ProxiedTarget, thrown: unknown): void {
  const { status, headers, body } = toProblem(GateError.from(thrown, "internal"), requestIdOf(request));
  response.writeHead(status, headers);
  response.end(body);
}
