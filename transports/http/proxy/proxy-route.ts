import type { Duration, Strategy } from "unigate/transport";

/** One server of a proxied route. */
export interface ProxyServer {
  /** `http://host:port`, with a path in front of every request's when it has one. */
  url: string;
  /** Relative share of requests; default 1. */
  weight?: number;
  /** Requests at once; default 1024. More wait in the route's queue. */
  connections?: number;
}

/** How failing servers are found and let back in. */
export interface ProxyHealth {
  /** Asked for with GET; anything below 400 is healthy. Without it, only requests tell. */
  path?: string;
  /** Between two checks; default `"5s"`. */
  interval?: Duration;
  /** For the answer of a check; default `"2s"`. */
  timeout?: Duration;
  /** Requests in a row without a response after which a server gets none for a while; default 3. The last one left always gets them. */
  failures?: number;
  /** How long, the first time; it doubles up to 32 times that. Default `"5s"`. */
  ejectFor?: Duration;
}

/** Requests that go to HTTP servers as they are. */
export interface ProxyRoute {
  /** `/users/*`, `/users/:id/files/*` or `/exact`; the most specific one holds, and none hides the gate's own paths or bound routes. */
  path: string;
  /** Default all of them. */
  methods?: string | readonly string[];
  /** URLs of the servers, `"http://host:port"`, or objects with weights. */
  to: string | ProxyServer | readonly (string | ProxyServer)[];
  /** The route is the method `name.fetch` for everybody else; default made of the path. */
  name?: string;
  /** How requests are spread over the servers; default `roundRobin()`. */
  strategy?: Strategy;
  /** What the servers are asked for, such as `"/v2/*"`: `*` and `:id` are those of `path`. Default the path as it came. */
  rewrite?: string;
  /** Request headers in place of the caller's; null leaves one out. `host: "…"` for servers that want another than their own. */
  headers?: Readonly<Record<string, string | null>>;
  /** For the head of the response, once the request has been sent, and between two pieces of its body; default `"60s"`. */
  timeout?: Duration;
  /** Other servers that a request may be tried on: always when nothing was sent, else for methods that HTTP calls idempotent. Default 2. */
  retries?: number;
  /** Requests that may wait for a connection; default 10 000. */
  queue?: number;
  /** How long a request waits while no server is up; default `"2s"`. */
  waitForServer?: Duration;
  health?: ProxyHealth;
}
