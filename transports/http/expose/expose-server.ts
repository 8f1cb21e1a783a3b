import { GateError, type Logger } from "unigate/transport";
import { createWorker, type Worker } from "unigate/worker";
import { createUpstream } from "../upstream/index.ts";
import { ExposedReply, type ExposedRequest } from "./exposed-reply.ts";

export type { ExposedRequest } from "./exposed-reply.ts";

/** How a server is published. */
export interface ExposeOptions {
  /** URL of the gate, over any carrier; default `$GATE_URL`, else `tcp://127.0.0.1:5555`. */
  gate?: string;
  /** For a gate that has keys; default `$GATE_KEY`. */
  key?: string;
  /** Path at the gate under which the server lives; default `"/"`: every path that the gate does not need itself. */
  path?: string;
  /** Service at the gate; default made of the path. Several that expose one path under one name share its requests. */
  name?: string;
  /** Name of this worker at the gate; default host name and process id. */
  id?: string;
  /** Requests at once, open WebSockets and event streams included; default 1024. More wait at the gate. */
  concurrency?: number;
  /** Hears of each request: with its end, or with its head when that opens a WebSocket or an event stream. */
  onRequest?: (request: ExposedRequest) => void;
  logger?: Logger;
}

/** The head of a response may take this long, in ms; a body as long as it likes, as if nobody stood between. */
const headersTimeoutMs = 300_000;

/**
 * Publishes the HTTP server at `url` through a gate; it joins with `start`.
 *
 * Requests to `path` and below reach the server without that prefix, which it is told as `X-Forwarded-Prefix`; what it says of itself in
 * `Location` and cookies is put back under the prefix. Throws `invalid_argument` for a URL or a path that is none.
 */
export function exposeServer(url: string, options: ExposeOptions = {}): Worker {
  const { path = "/", concurrency = 1024, onRequest } = options;
  const prefix = prefixOf(path);
  const upstream = createUpstream(url, { id: url, connections: concurrency, headersTimeoutMs, bodyTimeoutMs: 0, connectTimeoutMs: 5000 });
  const origin = new URL(url);
  const worker = createWorker({
    services: [],
    raw: [
      {
        info: { name: `${options.name ?? nameOf(prefix)}.fetch`, description: `HTTP requests, for ${url}`, http: [`ANY ${prefix}/*`] },
        send(job, sink) {
          const reply = new ExposedReply(job, sink, origin, onRequest);
          return upstream.send(job, reply);
        },
      },
    ],
    concurrency,
    ...defined({ gate: options.gate, key: options.key, id: options.id, logger: options.logger }),
  });
  const letGo = (): void => void upstream.close();
  worker.closed.then(letGo, letGo);
  return worker;
}

function prefixOf(path: string): string {
  if (/^(\/[\w.~-]+)*\/?$/.test(path) && !path.split("/").includes("..")) return path.replace(/\/$/, "");
  throw new GateError("invalid_argument", `${JSON.stringify(path)} is not a path to expose a server under; write one such as "/app"`);
}

function nameOf(prefix: string): string {
  return prefix === ""
    ? "site"
    : prefix
        .slice(1)
        .replaceAll(/[^\w-]/g, "-")
        .replace(/^(?![A-Za-z_])/, "_");
}

function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
