import { type Endpoint, type EndpointLink, type GateHost, type MethodInfo, parseDuration } from "unigate/transport";
import type { GrpcUpstream } from "./upstream-options.ts";
import { HealthWatch } from "./health-watch.ts";
import { type ServerName, ServerNames } from "./server-names.ts";
import { CallRoom, type RoomMember } from "./call-room.ts";
import { type PoolLimits, poolLimits } from "./pool-options.ts";
import { ServerHealth } from "./server-health.ts";
import { type TenantFigures, TenantRoom } from "./tenant-room.ts";
import { type ServerFigures, UpstreamServer } from "./upstream-server.ts";

interface Member {
  server: UpstreamServer;
  watch: HealthWatch | undefined;
  health: ServerHealth;
  place: RoomMember & { endpoint: Endpoint };
}

/** Figures of an upstream, for `/info`. */
export interface GroupFigures {
  size: number;
  limit: number;
  tenants?: TenantFigures;
  servers: (ServerFigures & { state: string; capacity: number })[];
}

const defaultResolveMs = 10_000;

/** The servers of one upstream: each is an endpoint of the gate, with a pool of connections. */
export class ServerGroup {
  readonly #gate: GateHost;
  readonly #upstream: GrpcUpstream;
  readonly #limits: PoolLimits;
  readonly #room: CallRoom;
  readonly #members = new Map<string, Member>();
  readonly #methods = new Map<string, MethodInfo>();
  readonly #names: ServerNames;
  /** Lets calls in; undefined where everybody may call. */
  readonly tenants: TenantRoom | undefined;

  constructor(gate: GateHost, upstream: GrpcUpstream) {
    this.#gate = gate;
    this.#upstream = upstream;
    this.#limits = poolLimits(upstream.pool);
    this.#room = new CallRoom(this.#limits.room);
    const { tenants } = upstream;
    if (tenants !== undefined) this.tenants = new TenantRoom(tenants, gate.clock, this.#limits.acquireMs, () => this.#places());
    const everyMs = parseDuration(upstream.resolveEvery) ?? defaultResolveMs;
    this.#names = new ServerNames([upstream.to].flat<(string | readonly string[])[]>(), everyMs, gate, (servers) =>
      this.#setServers(servers),
    );
  }

  get methods(): ReadonlyMap<string, MethodInfo> {
    return this.#methods;
  }

  /** Resolves when every server that a name stands for is known. */
  get ready(): Promise<void> {
    return this.#names.ready;
  }

  /** False while its names stand for nobody. */
  get hasServers(): boolean {
    return this.#members.size > 0;
  }

  /** Every server serves these methods too. */
  learn(methods: readonly MethodInfo[]): void {
    for (const method of methods) this.#methods.set(method.name, method);
    for (const { place } of this.#members.values()) this.#gate.offer(place.endpoint, { capacity: place.endpoint.capacity, methods });
  }

  sweep(now: number): void {
    for (const { server, watch } of this.#members.values()) {
      server.sweep(now);
      watch?.sweep(now);
    }
    this.tenants?.serve();
  }

  figures(): GroupFigures {
    const servers = [...this.#members.values()].map(({ server, place }) => ({
      ...server.figures(),
      state: place.endpoint.state,
      capacity: place.endpoint.capacity,
    }));
    return { ...this.#limits.room, ...(this.tenants === undefined ? {} : { tenants: this.tenants.figures }), servers };
  }

  /** Every server takes no more calls; those that run go on. */
  leave(): void {
    this.#names.close();
    for (const address of this.#members.keys()) this.#leave(address);
  }

  /** Ends everything now. */
  destroy(): void {
    for (const { server } of this.#members.values()) server.destroy();
    this.leave();
  }

  /** New servers join; others take no more calls and leave with their last one. */
  #setServers(servers: readonly ServerName[]): void {
    for (const server of servers) if (!this.#members.has(server.address)) this.#join(server);
    for (const address of this.#members.keys()) if (!servers.some((one) => one.address === address)) this.#leave(address);
  }

  #join(name: ServerName): void {
    const { address } = name;
    const { tls, health = {} } = this.#upstream;
    const { size } = this.#limits.room;
    const at = { ...name, tls };
    const server = new UpstreamServer(at, this.#limits, this.#gate.clock, {
      observed: (isAlive, reason) => member.health.observed(isAlive, size, reason),
    });
    const link: EndpointLink = {
      id: address,
      incarnation: address,
      transport: "grpc",
      address,
      send: (job, sink) => {
        const refusal = this.tenants?.refusalOf(job);
        if (refusal !== undefined) {
          sink.fail(refusal);
          return { cancel: () => {}, resume: () => {} };
        }
        this.#room.called(member.place);
        return server.call(job, sink, () => this.#room.called(member.place));
      },
    };
    const limits = { failures: health.failures ?? 3, ejectMs: parseDuration(health.ejectFor) ?? 5000 };
    const member: Member = {
      server,
      health: new ServerHealth(limits, {
        clock: this.#gate.clock,
        logger: this.#gate.logger,
        address,
        isLast: () => this.#isLast(member),
        changed: () => this.#changed(member),
      }),
      watch: undefined,
      place: { endpoint: this.#gate.join(link, { capacity: size, methods: [] }), trial: Infinity },
    };
    this.#members.set(address, member);
    this.#room.add(member.place);
    // Only now: calls that wait for a server start with the offer.
    this.#gate.offer(member.place.endpoint, { capacity: size, methods: [...this.#methods.values()] });
    if (health.watch !== false)
      member.watch = new HealthWatch(at, this.#gate.clock, this.#limits.keepaliveMs, {
        told: (isServing) => member.health.told(isServing),
        observed: (isAlive, reason) => member.health.observed(isAlive, size, reason),
      });
  }

  #leave(address: string): void {
    const member = this.#members.get(address) as Member;
    this.#members.delete(address);
    member.watch?.close();
    member.health.close();
    this.#gate.leave(member.place.endpoint);
    this.#room.remove(member.place);
    member.server.leave();
  }

  #changed({ health, place }: Member): void {
    place.trial = health.trial;
    place.endpoint.setState(health.isUp ? "ready" : "down");
    this.#room.changed();
  }

  /** Calls at once that all servers take which are up. */
  #places(): number {
    const { limit } = this.#limits.room;
    let places = 0;
    for (const { health } of this.#members.values()) if (health.isUp) places += Math.min(limit, health.trial);
    return places;
  }

  #isLast(member: Member): boolean {
    return [...this.#members.values()].every((other) => other === member || !other.health.isUp);
  }
}
