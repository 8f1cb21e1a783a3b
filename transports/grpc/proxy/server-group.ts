import type { FileRegistry } from "@bufbuild/protobuf";
import {
  type Endpoint,
  type EndpointLink,
  GateError,
  type GateHost,
  type Job,
  type JobControl,
  type MethodInfo,
  parseDuration,
  type ReplySink,
} from "unigate/transport";
import { loadProtos } from "../protos/load-protos.ts";
import { upstreamMethods } from "../transcode/json-calls.ts";
import { Descriptions } from "./descriptions.ts";
import { ServerReflection } from "./server-reflection.ts";
import type { GrpcUpstream } from "./upstream-options.ts";
import { HealthWatch } from "./health-watch.ts";
import { type ServerName, ServerNames } from "./server-names.ts";
import { CallRoom, type RoomMember } from "./call-room.ts";
import { type PoolLimits, poolLimits } from "./pool-options.ts";
import { ServerHealth } from "./server-health.ts";
import { bringTenantJob } from "./tenant-job.ts";
import { type TenantFigures, TenantRoom } from "./tenant-room.ts";
import { type ServerFigures, UpstreamServer } from "./upstream-server.ts";

interface Member {
  server: UpstreamServer;
  watch: HealthWatch | undefined;
  reflection: ServerReflection | undefined;
  health: ServerHealth;
  place: RoomMember & { endpoint: Endpoint };
}

/** Figures of an upstream, for `/info`. */
export interface GroupFigures {
  size: number;
  limit: number;
  tenants?: TenantFigures;
  servers: (ServerFigures & { state: Endpoint["state"]; capacity: number })[];
}

/** Tells whether a method, or any of a service, is an upstream's own. */
export interface OwnMethods {
  method(name: string): boolean;
  service(name: string): boolean;
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
  readonly #own: OwnMethods;
  readonly #prefix: string;
  readonly #names: ServerNames;
  readonly #descriptions: Descriptions;
  /** Lets calls in; undefined where everybody may call. */
  readonly tenants: TenantRoom | undefined;

  /** `own` tells which methods are its own; `prefix` is what their targets begin with. */
  constructor(gate: GateHost, upstream: GrpcUpstream, own: OwnMethods, prefix: string) {
    this.#gate = gate;
    this.#own = own;
    this.#prefix = prefix;
    this.#upstream = upstream;
    this.#limits = poolLimits(upstream.pool);
    this.#room = new CallRoom(this.#limits.room);
    this.#descriptions = new Descriptions({ prefix, has: (name) => own.method(name) }, gate.maxPayloadBytes);
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

  /** Resolves when its .proto files are read, and every server that a name stands for is known; rejects with `invalid_argument`. */
  async ready(): Promise<void> {
    const { protos } = this.#upstream;
    if (protos !== undefined) this.#describe(this, await loadProtos(protos));
    await this.#names.ready;
  }

  /** What is known of its services; of two that tell of the same, the last one holds. */
  get protos(): FileRegistry[] {
    return this.#descriptions.protos;
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

  /** A method is called that no description has: its servers may have been redeployed. */
  describeAgain(): void {
    for (const { reflection } of this.#members.values()) reflection?.ask();
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
    const { tls, health = {}, protos, reflection = true } = this.#upstream;
    const { size } = this.#limits.room;
    const at = { ...name, tls };
    const server = new UpstreamServer(at, this.#upstream.authority, this.#limits, this.#gate.clock, {
      observed: (isAlive, reason) => member.health.observed(isAlive, size, reason),
      returned: () => member.reflection?.returned(),
    });
    const link: EndpointLink = {
      id: address,
      incarnation: address,
      transport: "grpc",
      address,
      send: (job, sink) => this.#send(member, job, sink),
    };
    const limits = { failures: health.failures ?? 3, ejectMs: parseDuration(health.ejectFor) ?? 5000 };
    const member: Member = {
      server,
      health: new ServerHealth(limits, {
        clock: this.#gate.clock,
        logger: this.#gate.logger,
        address,
        isLast: () => this.#isLast(member),
        lastFailed: () => {
          for (const { health } of this.#members.values()) health.tryEarly();
        },
        changed: () => this.#changed(member),
      }),
      watch: undefined,
      reflection: undefined,
      place: { endpoint: this.#gate.join(link, { capacity: size, methods: [] }), trial: Infinity },
    };
    this.#members.set(address, member);
    this.#room.add(member.place);
    // Only now: calls that wait for a server start with the offer.
    this.#gate.offer(member.place.endpoint, { capacity: size, methods: [...this.#methods.values()] });
    if (protos === undefined && reflection) {
      const { clock, logger } = this.#gate;
      const wants = (service: string): boolean => this.#own.service(service);
      member.reflection = new ServerReflection(at, { clock, logger, wants, known: (all) => this.#describe(member, all) });
      member.reflection.ask();
    }
    if (health.watch !== false)
      member.watch = new HealthWatch(at, this.#gate.clock, this.#limits.keepaliveMs, {
        told: (isServing) => member.health.told(isServing),
        observed: (isAlive, reason) => member.health.observed(isAlive, size, reason),
        returned: () => member.reflection?.returned(),
      });
  }

  /** Jobs of tenants were let in at the door for gRPC, or bring a token by any other. */
  #send(member: Member, job: Job, sink: ReplySink): JobControl {
    if (this.tenants === undefined || this.tenants.isAdmitted(job)) return this.#bring(member, job, sink);
    return bringTenantJob(this.tenants, job, sink, (reply) => this.#bring(member, job, reply));
  }

  /** A job in another content type becomes a call, if it is known how. */
  #bring(member: Member, job: Job, sink: ReplySink): JobControl {
    if (job.contentType.startsWith("application/grpc")) return this.#call(member, job, sink);
    const calls = this.#descriptions.callsOf(job.target, member);
    if (calls !== undefined) return calls.send(job, sink, (call, reply) => this.#call(member, call, reply));
    this.describeAgain();
    sink.fail(unknownMethod(job.target, this.#descriptions.isEmpty));
    return { cancel: () => {}, resume: () => {} };
  }

  #call({ server, place }: Member, job: Job, sink: ReplySink): JobControl {
    this.#room.called(place);
    return server.call(job, sink, () => this.#room.called(place));
  }

  /** Callers with JSON may call the methods of `protos` from now on. */
  #describe(source: Member | this, protos: FileRegistry): void {
    // One answer does for all who have not given one.
    if (this.#descriptions.isEmpty) for (const { reflection } of this.#members.values()) reflection?.rest();
    this.#descriptions.add(source, protos);
    const upstream = { protos, prefix: this.#prefix, has: (name: string) => this.#own.method(name) };
    try {
      this.learn(upstreamMethods(upstream));
    } catch (error) {
      this.#gate.logger.warn("upstream methods cannot be bound", { reason: GateError.from(error).message });
    }
  }

  #leave(address: string): void {
    const member = this.#members.get(address) as Member;
    this.#members.delete(address);
    member.watch?.close();
    member.reflection?.rest();
    this.#descriptions.remove(member);
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

function unknownMethod(target: string, isEmpty: boolean): GateError {
  const reason = isEmpty ? "has no reflection" : "is in no .proto of its upstream, nor told by its reflection";
  return new GateError("unimplemented", `${target} ${reason}; call it by gRPC, or name its .proto in protos of the upstream`);
}
