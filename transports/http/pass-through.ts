import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PoolFigures } from "unigate/transport";
import type { Bindings, Match } from "./bindings.ts";
import { slashMissing, toBoundPath } from "./proxy/bound-path.ts";
import { forward, type Forward, type ForwardHost, forwardWhole } from "./proxy/forward.ts";
import type { ForwardedRequest } from "./proxy/forwarded.ts";
import { forwardUpgrade } from "./proxy/forward-upgrade.ts";
import type { Proxy, ProxySettings } from "./proxy/index.ts";
import type { ProxiedTarget } from "./proxy/proxied-reply.ts";
import type { RequestHead } from "./request-job.ts";
import type { ServiceRegistry } from "./registry/service-registry.ts";
import { toServicePath } from "./registry/service-path.ts";

/** The request has its response already. */
const answered = Symbol("answered");

/** What the requests that pass as they are need of their door. */
export interface PassThroughOptions {
  host: ForwardHost;
  /** Prefix of the gate's own paths. */
  control: string;
  registry: ServiceRegistry;
  /** The bound routes as of now. */
  bindings: () => Bindings;
}

/**
 * The requests of a door that pass to HTTP servers as they are: those of registered services (`/svc/{name}/…`), of methods bound with `ANY`,
 * and of proxied routes.
 */
export class PassThrough {
  readonly #options: PassThroughOptions;
  #proxy: Proxy | undefined;

  constructor(options: PassThroughOptions) {
    this.#options = options;
  }

  /** Joins the servers of proxied routes. Rejects when the route file cannot be read or has faults. */
  async open(settings: ProxySettings): Promise<void> {
    // What only a door that proxies needs loads with it.
    const { openProxy } = await import("./proxy/index.ts");
    this.#proxy = await openProxy(settings, this.#options.host);
  }

  /** Takes a request that passes; false leaves it to others. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const to = this.#passageOf(request, response);
    if (to === undefined) return false;
    if (to !== answered) forward(this.#options.host, request, response, to);
    return true;
  }

  /** The same for a request whose body is there. */
  handleWhole(request: ForwardedRequest, body: Buffer, response: ProxiedTarget): boolean {
    const to = this.#passageOf(request, response);
    if (to === undefined) return false;
    if (to !== answered) forwardWhole(this.#options.host, request, body, response, to);
    return true;
  }

  /** The same for an upgrade of the connection. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): boolean {
    const to = this.#find(request, this.#bound(request)) ?? this.#proxy?.find(request);
    if (to === undefined) return false;
    forwardUpgrade(this.#options.host, request, socket, first, to);
    return true;
  }

  /** The servers of proxied routes, as pools. */
  pools(): PoolFigures[] {
    return this.#proxy?.pools() ?? [];
  }

  /** The door has left the config: servers of proxied routes take no more requests, and those that run go on. */
  retire(): void {
    void this.#proxy?.retire();
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
  }

  /** Where a request goes; undefined where it does not pass. */
  #passageOf(request: RequestHead, response: ProxiedTarget): Forward | typeof answered | undefined {
    const match = this.#bound(request);
    const elsewhere = match === undefined || !isSafe(request) ? undefined : slashMissing(match, request.url ?? "/");
    if (elsewhere !== undefined) {
      response.writeHead(308, { location: elsewhere, "content-length": "0" });
      response.end();
      return answered;
    }
    return this.#find(request, match) ?? this.#proxy?.find(request, (path) => this.#isTaken(request, path));
  }

  #find({ url = "/", headers }: RequestHead, match: Match | undefined): Forward | undefined {
    const { control, registry, host } = this.#options;
    if (match !== undefined)
      return toBoundPath(match, url, headers.via === undefined ? `1.1 ${host.via}` : `${headers.via}, 1.1 ${host.via}`);
    return toServicePath(control, url, (target) => registry.knows(target));
  }

  #bound({ method = "GET", url = "/" }: RequestHead): Match | undefined {
    const bindings = this.#options.bindings();
    if (!bindings.hasPassing) return undefined;
    // The router decodes what it matches and knows UTF-8 only; any other byte is as good in a path.
    const match = bindings.find(method, url) ?? (url.includes("%") ? bindings.find(method, url.replaceAll("%", "%25")) : undefined);
    return match?.passes === true ? match : undefined;
  }

  #isTaken({ method = "GET" }: RequestHead, path: string): boolean {
    const bindings = this.#options.bindings();
    return bindings.isOwnPath(path) || bindings.find(method, path) !== undefined;
  }
}

function isSafe({ method }: RequestHead): boolean {
  return method === "GET" || method === "HEAD";
}
