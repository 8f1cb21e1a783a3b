/** The reverse proxy: requests that go to HTTP servers as they are. */
import type { PoolFigures } from "unigate/transport";
import type { RequestHead } from "../request-job.ts";
import type { Forward, ForwardHost } from "./forward.ts";
import { ProxyRoutes } from "./proxy-routes.ts";
import type { ProxyRoute } from "./proxy-route.ts";

/** What a door proxies. */
export interface ProxySettings {
  routes: readonly ProxyRoute[];
  /** A YAML file with more, watched. */
  file: string | undefined;
}

/** The proxy of one door. */
export interface Proxy {
  /** Where a request goes when a proxied route has it and `isTaken` does not say that something else does; undefined leaves it to others. */
  find(request: RequestHead, isTaken?: (path: string) => boolean): Forward | undefined;
  /** How full its servers are. */
  pools(): PoolFigures[];
  /** The door has left the config: its servers take no more requests, and those that run go on. */
  retire(): Promise<void>;
  close(): Promise<void>;
}

/** Joins the servers of every route. Rejects when the route file cannot be read or has faults. */
export async function openProxy(settings: ProxySettings, host: ForwardHost): Promise<Proxy> {
  const routes = new ProxyRoutes(host.gate, host.via);
  routes.replace("config", settings.routes);
  const unwatch = settings.file === undefined ? undefined : await followFile(settings.file, host, routes);

  return {
    find(request, isTaken) {
      const path = pathOf(request);
      const entry = routes.table.find(request.method ?? "GET", path);
      if (entry === undefined || isTaken?.(path) === true) return undefined;
      const { target, rewrite, headers } = entry;
      return { target, headers, path: rewrite === undefined ? path : rewrite(path) };
    },
    pools: () => routes.pools(),
    async retire() {
      unwatch?.();
      await routes.retire();
    },
    async close() {
      unwatch?.();
      await routes.close();
    },
  };
}

async function followFile(file: string, { gate }: ForwardHost, routes: ProxyRoutes): Promise<() => void> {
  // yaml loads only for a door that has such a file.
  const { followRouteFile } = await import("./route-file.ts");
  return followRouteFile(file, gate.logger, (found) => routes.replace("file", found));
}

/** The path of a request. A proxy may be asked in absolute form (RFC 9112 section 3.2.2): its authority makes no difference here. */
function pathOf(request: RequestHead): string {
  const url = request.url ?? "/";
  if (url.startsWith("/")) return url;
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "");
  return path.startsWith("/") ? path : `/${path}`;
}
