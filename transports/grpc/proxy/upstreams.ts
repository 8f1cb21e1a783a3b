import { type Endpoint, GateError, type GateHost, type RouteConfig } from "unigate/transport";
import type { GrpcUpstream } from "../options.ts";
import { createServerLink, type ServerLink } from "./server-link.ts";

interface Group {
  pattern: string;
  members: { endpoint: Endpoint; link: ServerLink }[];
  methods: Set<string>;
}

/** Methods of one upstream that are remembered: a caller that makes names up must not fill the gate. */
const maxMethods = 2000;
const defaultCalls = 1000;
const defaultConnections = 2;

/**
 * The gRPC servers behind a door: each is an endpoint of the gate.
 *
 * Nobody has to say which methods there are: a method joins its servers with the first call of it.
 */
export class Upstreams {
  readonly #gate: GateHost;
  readonly #groups: Group[];

  constructor(gate: GateHost, upstreams: Readonly<Record<string, GrpcUpstream>>) {
    this.#gate = gate;
    gate.setRoutes("grpc", Object.fromEntries(Object.entries(upstreams).map(([pattern, upstream]) => [pattern, routeOf(upstream)])));
    this.#groups = Object.entries(upstreams)
      .map(([pattern, upstream]) => ({ pattern, members: this.#join(upstream), methods: new Set<string>() }))
      .toSorted((a, b) => b.pattern.length - a.pattern.length);
  }

  /** The target of a call; throws `unimplemented` for a path that no upstream has. */
  targetOf(path: string): string {
    const [, service, method] = /^\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
    const target = `${service}.${method}`;
    const group = service === undefined ? undefined : this.#groups.find(({ pattern }) => matches(pattern, target));
    if (group === undefined) throw new GateError("unimplemented", `no method ${path} is served here`);
    if (!group.methods.has(target)) this.#learn(group, target);
    return target;
  }

  close(): void {
    for (const { members } of this.#groups) for (const { link } of members) link.close();
  }

  #join(upstream: GrpcUpstream): Group["members"] {
    const { calls = defaultCalls, connections = defaultConnections, tls } = upstream;
    return [upstream.to].flat<(string | readonly string[])[]>().map((address) => {
      const link = createServerLink({ address, connections, tls, reached: (isReached) => this.#reached(member.endpoint, isReached) });
      const member = { link, endpoint: this.#gate.join(link, { capacity: calls, methods: [] }) };
      return member;
    });
  }

  #learn({ pattern, members, methods }: Group, target: string): void {
    if (methods.size >= maxMethods)
      throw new GateError(
        "resource_exhausted",
        `${maxMethods} methods of ${pattern} have been called, which is the limit; name some of them in upstreams`,
      );
    methods.add(target);
    for (const { endpoint } of members) this.#gate.offer(endpoint, { capacity: endpoint.capacity, methods: [{ name: target }] });
  }

  /** A server that cannot be reached is out of rotation until it can; somebody has to try: the last one always stays. */
  #reached(endpoint: Endpoint, isReached: boolean): void {
    const group = this.#groups.find(({ members }) => members.some((member) => member.endpoint === endpoint));
    if (isReached) return endpoint.setState("ready");
    const isLast = group?.members.every((member) => member.endpoint === endpoint || member.endpoint.state !== "ready") ?? true;
    if (isLast) return;
    endpoint.setState("down");
    this.#gate.clock.after(ejectedMs, () => endpoint.setState("ready"));
  }
}

const ejectedMs = 2000;

function routeOf({ strategy, timeout = 0 }: GrpcUpstream): RouteConfig {
  return { timeout, ...(strategy === undefined ? {} : { strategy }) };
}

function matches(pattern: string, target: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}
