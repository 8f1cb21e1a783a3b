import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Bindings } from "./bindings.ts";
import { forward, type Forward, type ForwardHost } from "./proxy/forward.ts";
import { forwardUpgrade } from "./proxy/forward-upgrade.ts";
import type { Proxy, ProxySettings } from "./proxy/index.ts";
import type { ServiceRegistry } from "./registry/service-registry.ts";
import { toServicePath } from "./registry/service-path.ts";

/** What the requests that pass as they are need of their door. */
export interface PassThroughOptions {
  host: ForwardHost;
  /** Prefix of the gate's own paths. */
  control: string;
  registry: ServiceRegistry;
  /** The bound routes as of now. */
  bindings: () => Bindings;
}

/** The requests of a door that pass to HTTP servers as they are: those of registered services (`/svc/{name}/…`) and proxied routes. */
export class PassThrough {
  readonly #options: PassThroughOptions;
  #proxy: Proxy | undefined;

  constructor(options: PassThroughOptions) {
    this.#options = options;
  }

  /** Joins the servers of proxied routes. Rejects when the route file cannot be read or has faults. */
  async open(settings: ProxySettings): Promise<void> {
    // undici loads only for a door that proxies.
    const { openProxy } = await import("./proxy/index.ts");
    this.#proxy = await openProxy(settings, this.#options.host);
  }

  /** Takes a request that passes; false leaves it to others. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const to = this.#find(request);
    if (to === undefined) return this.#proxy?.handle(request, response, (path) => this.#isTaken(request, path)) === true;
    forward(this.#options.host, request, response, to);
    return true;
  }

  /** The same for an upgrade of the connection. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): boolean {
    const to = this.#find(request);
    if (to === undefined) return this.#proxy?.upgrade(request, socket, first) === true;
    forwardUpgrade(this.#options.host, request, socket, first, to);
    return true;
  }

  /** The door has left the config: servers of proxied routes take no more requests, and those that run go on. */
  retire(): void {
    void this.#proxy?.retire();
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
  }

  #find({ url = "/" }: IncomingMessage): Forward | undefined {
    const { control, registry } = this.#options;
    return toServicePath(control, url, (target) => registry.knows(target));
  }

  #isTaken({ method = "GET" }: IncomingMessage, path: string): boolean {
    const bindings = this.#options.bindings();
    return bindings.isOwnPath(path) || bindings.find(method, path) !== undefined;
  }
}
