import { type EndpointLink, GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";
import { Exchange } from "./exchange.ts";
import { RepeatedRequests, type RequestOnWire } from "./repeated-request.ts";
import { RequestBody } from "./request-body.ts";
import { toRequestText, Unsayable } from "./request-text.ts";
import { type ServerAddress, servernameOf } from "./server-socket.ts";
import { UpstreamPool } from "./upstream-pool.ts";
import { expectingBody, toUpstreamRequest, type UpstreamRequest } from "./upstream-request.ts";

/** How an HTTP server is used. Times in ms. */
export interface UpstreamOptions {
  /** Names it in logs and in `X-Worker-ID`; default its URL. */
  id?: string;
  /** Jobs at once, each on a connection; default 1024. One more is `resource_exhausted`: offer no greater capacity than this. */
  connections?: number;
  /** For a connection to open; default 10 000. */
  connectTimeoutMs?: number;
  /** From the last byte of the request to the head of the response; default 60 000, 0 for ever. */
  headersTimeoutMs?: number;
  /** Between two pieces of a response; default 300 000, 0 for ever. */
  bodyTimeoutMs?: number;
  /** Name of this gate in the `Via` header, by which it knows its own requests when they come back; default no such header. */
  via?: string;
  /** Sends the caller's `Host` on instead of the server's own. */
  keepsHost?: boolean;
  /** What to ask the server for; default what the job's `:method`, `:path` and headers say. May throw a `GateError`. */
  toRequest?: (job: Job) => UpstreamRequest;
  /** Asked when no connection came about: false when no other endpoint could do the job. Default yes. */
  mayRunElsewhere?: () => boolean;
  /** Hears how each exchange went, for health: the status of the response, or why there is none. Not told of cancelled jobs. */
  observed?: (outcome: number | GateError) => void;
}

/** An HTTP server as the link of an endpoint: join it with `gate.join(upstream, offer)`. */
export interface Upstream extends EndpointLink {
  /** Connections to it that are open now, busy or not. */
  readonly connections: number;
  /** A job that `observed` does not hear of, for checks. */
  send(job: Job, sink: ReplySink, how?: { isProbe?: boolean }): JobControl;
  /** Takes no more jobs; resolves once those that run have ended. */
  close(): Promise<void>;
  /** Ends everything now; its jobs fail as `unavailable`. */
  destroy(): Promise<void>;
}

/**
 * Makes an endpoint link of an HTTP server: a job is one request, its reply the response.
 *
 * The reply has a head with `:status` and the headers as they came, then the body in chunks, then `end`. A response of any status is a
 * success; no response is `unavailable` (`details.reason` says why) or `deadline_exceeded`. The job's body is its payload, or its input
 * when it streams; a job with `:upgrade` becomes a tunnel once the server has answered 101: bytes both ways until one side ends.
 * Nothing is opened before the first job. Throws `invalid_argument` for what is not an http(s) URL.
 */
export function createUpstream(url: string, options: UpstreamOptions = {}): Upstream {
  const { server, origin, host, base } = parseUrl(url);
  const { id = url, toRequest = toUpstreamRequest, observed, via, keepsHost = false, mayRunElsewhere, connections = 1024 } = options;
  const { connectTimeoutMs = 10_000, headersTimeoutMs = 60_000, bodyTimeoutMs = 300_000 } = options;
  const limits = { connectMs: connectTimeoutMs, headersMs: headersTimeoutMs || Infinity, bodyMs: bodyTimeoutMs || Infinity };
  // One more, for a check while all are busy.
  const pool = new UpstreamPool(server, limits, connections + 1);

  const common = { upstream: id, observed, mayRunElsewhere };
  const repeats = toRequest === toUpstreamRequest && !keepsHost ? new RepeatedRequests(host, base, via) : undefined;

  function repeat(job: Job, sink: ReplySink, { method, text }: RequestOnWire): Exchange {
    const exchange = new Exchange({
      ...common,
      sink,
      method,
      payload: job.payload.length > 0 ? job.payload : undefined,
      body: undefined,
      wantsUpgrade: false,
      mayRepeat: job.idempotent,
      servername: server.isSecure ? servernameOf(host) : undefined,
    });
    exchange.text = text;
    return exchange;
  }

  function begin(job: Job, sink: ReplySink, isProbe: boolean): Exchange {
    const request = toRequest(job);
    const { method, headers, upgrade } = request;
    const payload = bodyOf(request, job);
    const length = upgrade === undefined ? lengthOf(request, job, payload) : undefined;
    const callersHost = keepsHost ? headerOf(headers, "host") : undefined;
    const exchange = new Exchange({
      ...common,
      sink,
      method,
      payload,
      body: job.streamsInput ? new RequestBody(sink, length === "chunked" ? undefined : length) : undefined,
      wantsUpgrade: upgrade !== undefined,
      mayRepeat: job.idempotent,
      servername: server.isSecure ? servernameOf(callersHost ?? host) : undefined,
      ...(isProbe ? { observed: undefined } : {}),
    });
    try {
      const ownHost = callersHost === undefined ? host : undefined;
      exchange.text = toRequestText({ method, path: base + request.path, host: ownHost, headers, upgrade, via, length });
      if (!job.streamsInput) repeats?.note(job, request);
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error;
      exchange.failed("request", error);
    }
    return exchange;
  }

  return {
    id,
    incarnation: origin,
    transport: "http",
    address: url,
    get connections() {
      return pool.connections;
    },
    send(job, sink, { isProbe = false } = {}) {
      const again = repeats?.find(job);
      const exchange = again === undefined ? begin(job, sink, isProbe) : repeat(job, sink, again);
      if (exchange.isOver) return exchange;
      if (pool.isClosing) exchange.failed("closed", new Error("the gate takes leave of it"));
      else if (pool.isFull)
        exchange.turnAway(new GateError("resource_exhausted", `upstream ${id} has ${connections} jobs, which is the limit`));
      else pool.run(exchange);
      return exchange;
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(new Error("the gate closed its connections")),
  };
}

/** The whole body; undefined when there is none, or when it streams. */
function bodyOf({ body, upgrade }: UpstreamRequest, { payload, streamsInput }: Job): Uint8Array | undefined {
  if (streamsInput || upgrade !== undefined || body === null) return undefined;
  return body ?? (payload.length > 0 ? payload : undefined);
}

function lengthOf(
  { method, headers }: UpstreamRequest,
  { streamsInput }: Job,
  payload: Uint8Array | undefined,
): number | "chunked" | undefined {
  if (payload !== undefined) return payload.length;
  if (!streamsInput) return expectingBody.has(method) ? 0 : undefined;
  const announced = headerOf(headers, "content-length");
  return announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : "chunked";
}

function headerOf(flat: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < flat.length; at += 2) if (flat[at] === name) return flat[at + 1];
  return undefined;
}

function parseUrl(text: string): { server: ServerAddress; origin: string; host: string; base: string } {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new GateError(
      "invalid_argument",
      `${JSON.stringify(text)} is not the URL of an HTTP server; write one such as "http://localhost:3000"`,
    );
  const isSecure = url.protocol === "https:";
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const server = { isSecure, hostname, port: Number(url.port || (isSecure ? 443 : 80)) };
  return { server, origin: url.origin, host: url.host, base: url.pathname.replace(/\/$/, "") };
}
