import {
  type Endpoint,
  GateError,
  type GateHost,
  Job,
  Metadata,
  parseDuration,
  type PoolFigures,
  type ReplySink,
  serviceOf,
} from "unigate/transport";
import { createUpstream, type Upstream } from "../upstream/index.ts";
import type { ProxyRoute, ProxyServer } from "./proxy-route.ts";
import { type HealthSettings, UpstreamHealth } from "./upstream-health.ts";

/** Figures of one server of a pool. */
export type ServerFigures = PoolFigures["servers"][number];

/** The servers of one proxied route while it is there. */
export interface UpstreamGroup {
  /** How full each of them is. */
  figures(): ServerFigures[];
  /** Takes no more requests; those that run go on. Resolves once the last has ended. */
  leave(): Promise<void>;
  /** Ends everything now. */
  close(): Promise<void>;
}

interface Member {
  url: string;
  endpoint: Endpoint;
  upstream: Upstream;
  health: UpstreamHealth;
}

/** Requests at once that a server takes whose config does not say. */
export const defaultConnections = 1024;

/** Joins every server of `route` as an endpoint that serves `target`. */
export function joinServers(gate: GateHost, target: string, route: ProxyRoute, via: string): UpstreamGroup {
  const members: Member[] = [];
  const settings = toHealthSettings(route);
  for (const server of [route.to].flat<(string | ProxyServer | readonly (string | ProxyServer)[])[]>())
    members.push(join(typeof server === "string" ? { url: server } : server));

  function join({ url, weight, connections = defaultConnections }: ProxyServer): Member {
    const timeoutMs = parseDuration(route.timeout) ?? 60_000;
    const upstream = createUpstream(url, {
      // Callers see it, in X-Worker-ID and in errors: where the server is stays inside.
      id: `${serviceOf(target)}-${members.length + 1}`,
      connections,
      headersTimeoutMs: timeoutMs,
      bodyTimeoutMs: timeoutMs,
      connectTimeoutMs: 5000,
      via,
      keepsHost: route.headers?.["host"] !== undefined,
      mayRunElsewhere: () => !isLast(member.endpoint),
      observed: (outcome) => member.health.observed(outcome),
    });
    const offer = { capacity: connections, methods: [{ name: target }], ...(weight === undefined ? {} : { weight }) };
    const endpoint = gate.join(upstream, offer);
    const health = new UpstreamHealth(endpoint, settings, {
      clock: gate.clock,
      logger: gate.logger,
      isLast: () => isLast(endpoint),
      tryOthers: () => members.forEach((other) => other.health.tryEarly()),
      probe: (path, timeoutMs) => probe(gate, upstream, path, timeoutMs),
    });
    const member = { url, endpoint, upstream, health };
    return member;
  }

  function isLast(endpoint: Endpoint): boolean {
    return !members.some((other) => other.endpoint !== endpoint && other.endpoint.state === "ready");
  }

  function withdraw(): void {
    for (const { endpoint, health } of members) {
      health.close();
      gate.leave(endpoint);
    }
  }

  return {
    figures: () =>
      members.map(({ url, endpoint: { state, inFlight, capacity }, upstream: { connections } }) => ({
        address: url,
        state,
        connections,
        calls: inFlight,
        capacity,
      })),
    async leave() {
      withdraw();
      await Promise.all(members.map(({ upstream }) => upstream.close()));
    },
    async close() {
      withdraw();
      await Promise.all(members.map(({ upstream }) => upstream.destroy()));
    },
  };
}

function toHealthSettings({ health = {} }: ProxyRoute): HealthSettings {
  return {
    path: health.path,
    intervalMs: parseDuration(health.interval) ?? 5000,
    timeoutMs: parseDuration(health.timeout) ?? 2000,
    failures: health.failures ?? 3,
    ejectMs: parseDuration(health.ejectFor) ?? 5000,
  };
}

/** The status of a GET of `path`; the body is not waited for. */
function probe(gate: GateHost, upstream: Upstream, path: string, timeoutMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const metadata = Metadata.from({ ":method": "GET", ":path": path, "user-agent": "gate-health" });
  const sink: ReplySink = {
    head: (head) => resolve(Number(head.get(":status"))),
    chunk: () => true,
    end: () => {},
    fail: reject,
  };
  const job = new Job({ target: "health.check", payload: Buffer.alloc(0), contentType: "text/plain", metadata });
  const control = upstream.send(job, sink, { isProbe: true });
  const timer = gate.clock.after(timeoutMs, () => {
    reject(new GateError("deadline_exceeded", `its check ${path} takes longer than ${timeoutMs} ms`));
    control.cancel("too slow");
  });
  return promise.finally(() => timer.clear());
}
