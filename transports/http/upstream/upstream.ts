import { Pool } from "undici";
import { type EndpointLink, GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";
import { Exchange } from "./exchange.ts";
import { RequestBody } from "./request-body.ts";
import { toFailure, upstreamError } from "./upstream-error.ts";
import { toUpstreamRequest, type UpstreamRequest } from "./upstream-request.ts";

/** How an HTTP server is used. Times in ms. */
export interface UpstreamOptions {
  /** Names it in logs and in `X-Worker-ID`; default its URL. */
  id?: string;
  /** Connections at once, and so jobs; default 1024. Offer no greater capacity than this. */
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
  const { origin, host, base } = parseUrl(url);
  const { id = url, toRequest = toUpstreamRequest, observed, via, keepsHost = false, mayRunElsewhere } = options;
  const pool = new Pool(origin, {
    connections: options.connections ?? 1024,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    headersTimeout: options.headersTimeoutMs ?? 60_000,
    bodyTimeout: options.bodyTimeoutMs ?? 300_000,
    // Gate to server is HTTP/1.1 on every scheme: upgrades and raw headers are the same for all.
    allowH2: false,
  });

  return {
    id,
    incarnation: origin,
    transport: "http",
    address: url,
    send(job, sink, { isProbe = false } = {}) {
      const request = toRequest(job);
      const body = job.streamsInput ? new RequestBody(sink) : undefined;
      const exchange = new Exchange({ upstream: id, sink, body, observed: isProbe ? undefined : observed, mayRunElsewhere });
      const headers = request.headers;
      if (!keepsHost || !headers.includes("host")) setHeader(headers, "host", host);
      if (via !== undefined) headers.push("via", `1.1 ${via}`);
      try {
        pool.dispatch(
          {
            method: request.method,
            path: base + request.path,
            headers,
            // What follows an upgrade is no body: it waits for the tunnel.
            body: request.upgrade === undefined ? (body?.readable ?? bodyOf(request, job)) : null,
            upgrade: request.upgrade ?? null,
          },
          exchange,
        );
      } catch (error) {
        exchange.refuse(upstreamError(id, toFailure(error), error));
      }
      return exchange;
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  };
}

function bodyOf(request: UpstreamRequest, { payload }: Job): Uint8Array | null {
  if (request.body !== undefined) return request.body;
  return payload.length > 0 ? payload : null;
}

function parseUrl(text: string): { origin: string; host: string; base: string } {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new GateError(
      "invalid_argument",
      `${JSON.stringify(text)} is not the URL of an HTTP server; write one such as "http://localhost:3000"`,
    );
  return { origin: url.origin, host: url.host, base: url.pathname.replace(/\/$/, "") };
}

/** Sets a header in a flat list: it stands once afterwards. */
function setHeader(flat: string[], name: string, value: string): void {
  for (let at = flat.length - 2; at >= 0; at -= 2) if (flat[at] === name) flat.splice(at, 2);
  flat.push(name, value);
}
