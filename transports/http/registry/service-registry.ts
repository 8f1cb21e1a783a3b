import { isDeepStrictEqual } from "node:util";
import { type Endpoint, type EndpointLink, type EndpointOffer, GateError, type GateHost, type Timer } from "unigate/transport";
import { loopError, viaOf } from "../loop.ts";
import { type HealthHost, UpstreamHealth } from "../proxy/upstream-health.ts";
import { createUpstream, type Upstream } from "../upstream/index.ts";
import { InstanceReply } from "./instance-reply.ts";
import { toInstanceRequest } from "./instance-request.ts";
import { isOwnAddress } from "./own-address.ts";
import { fetchMethod, instanceUrl, methodsOf, type Registration } from "./registration.ts";

/** An instance as the registry's pages show it; times in seconds since 1970, as its clients have always read them. */
export interface InstanceStatus {
  name: string;
  service: string;
  register_time: number;
  /** Of the last heartbeat. */
  keepalive_time: number;
  version?: string;
  weight?: number;
  metadata?: Readonly<Record<string, unknown>>;
}

interface Instance {
  registration: Registration;
  readonly registeredAt: number;
  beatAt: number;
  readonly upstream: Upstream;
  /** Undefined until it has joined, which may bring it its first jobs. */
  place: Place | undefined;
  timer: Timer;
}

/** An instance in the gate's rotation. */
interface Place {
  endpoint: Endpoint;
  health: UpstreamHealth;
}

/** Beats that may fail to come. */
const missableBeats = 3;
/** Jobs of one instance at once: as many as it gets connections. */
const jobsAtOnce = 1024;
/** Instances in all; one more is refused. */
const mostInstances = 10_000;
/** Jobs in a row without a response that take an instance out, and for how long at first. */
const health = { path: undefined, intervalMs: 0, timeoutMs: 0, failures: 3, ejectMs: 5000 };

/**
 * Plain HTTP services that registered themselves: each instance is an endpoint of the gate for as long as its heartbeats come.
 *
 * Registering is its own heartbeat. An instance is known by its service's name and its URL. It leaves with `withdraw`, and its running jobs
 * finish; or when three heartbeats have not come, and its running jobs fail as `unavailable`.
 */
export class ServiceRegistry {
  readonly #gate: GateHost;
  readonly #instances = new Map<string, Instance>();
  /** Targets of plain requests, also of services whose instances are gone for now: their requests may wait a moment. */
  readonly #targets = new Set<string>();

  constructor(gate: GateHost) {
    this.#gate = gate;
  }

  /**
   * Takes an instance in, or refreshes it; `heartbeatMs` is for one that names no interval of its own.
   *
   * Throws `failed_precondition` for a URL of this gate, `resource_exhausted` when the registry is full.
   */
  register(registration: Registration, heartbeatMs: number): void {
    this.#refuseOwn(registration.service);
    const key = keyOf(registration);
    const keepaliveMs = registration.keepaliveMs ?? heartbeatMs;
    const present = this.#instances.get(key);
    if (present !== undefined) return this.#refresh(present, registration, keepaliveMs);
    if (this.#instances.size >= mostInstances)
      throw new GateError("resource_exhausted", `${mostInstances} instances are registered, which is the limit`);
    const { name, service } = registration;
    const upstream = createUpstream(service, {
      id: `${name}@${service.replace(/^https?:\/\//, "")}`,
      connections: jobsAtOnce,
      via: viaOf(this.#gate.status.info().id),
      toRequest: (job) => toInstanceRequest(instance.registration.methods, job),
      mayRunElsewhere: () => !this.#isLast(instance),
      observed: (outcome) => instance.place?.health.observed(outcome),
    });
    const now = Date.now();
    const timer = this.#expiry(key, keepaliveMs);
    const instance: Instance = { registration, registeredAt: now, beatAt: now, upstream, place: undefined, timer };
    try {
      instance.place = this.#join(instance);
    } catch (error) {
      timer.clear();
      throw error;
    }
    this.#instances.set(key, instance);
    this.#know(`${name}.${fetchMethod}`);
    this.#gate.logger.info("service registered", { service: name, url: service });
  }

  /** Lets an instance go; its running jobs finish. False when there is none. */
  withdraw(name: string, service: string): boolean {
    const instance = this.#remove(keyOf({ name, service: instanceUrl(service) }));
    void instance?.upstream.close();
    return instance !== undefined;
  }

  /** Tells whether plain requests are jobs of `target`: an instance of that service has registered here. */
  knows(target: string): boolean {
    return this.#targets.has(target);
  }

  /** The instances of a service, in the order of their registration; undefined for a name that none has. */
  service(name: string): InstanceStatus[] | undefined {
    return this.services().get(name);
  }

  /** Every service with its instances. */
  services(): Map<string, InstanceStatus[]> {
    return Map.groupBy(Array.from(this.#instances.values(), statusOf), ({ name }) => name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#instances.keys()].map(async (key) => await this.#remove(key)?.upstream.destroy()));
  }

  #refuseOwn(service: string): void {
    const addresses = this.#gate.status.info().transports.flatMap((transport) => transport.addresses.map(({ url }) => url));
    if (!isOwnAddress(new URL(service), addresses)) return;
    throw loopError(`${service} is this gate itself; register the URL at which the service listens`);
  }

  #refresh(instance: Instance, registration: Registration, keepaliveMs: number): void {
    instance.timer.clear();
    instance.timer = this.#expiry(keyOf(registration), keepaliveMs);
    instance.beatAt = Date.now();
    const before = offerOf(instance.registration);
    instance.registration = registration;
    // Whoever tells that it lives need not wait until its time is over.
    if (isDeepStrictEqual(before, offerOf(registration))) return instance.place?.health.tryEarly();
    // Running jobs keep the link that they have.
    this.#leave(instance);
    instance.place = this.#join(instance);
  }

  #expiry(key: string, keepaliveMs: number): Timer {
    return this.#gate.clock.after(keepaliveMs * missableBeats, () => {
      const instance = this.#remove(key);
      if (instance === undefined) return;
      const { name, service } = instance.registration;
      this.#gate.logger.warn("service expired: its heartbeats stopped", { service: name, url: service });
      void instance.upstream.destroy();
    });
  }

  #remove(key: string): Instance | undefined {
    const instance = this.#instances.get(key);
    if (instance === undefined) return undefined;
    this.#instances.delete(key);
    instance.timer.clear();
    this.#leave(instance);
    return instance;
  }

  #know(target: string): void {
    this.#targets.add(target);
    if (this.#targets.size <= mostInstances) return;
    const [oldest = ""] = this.#targets;
    this.#targets.delete(oldest);
  }

  #join(instance: Instance): Place {
    const { clock, logger } = this.#gate;
    const endpoint = this.#gate.join(this.#linkOf(instance.upstream), offerOf(instance.registration));
    const host: HealthHost = {
      clock,
      logger,
      isLast: () => this.#isLast(instance),
      tryOthers: () => this.#others(instance).forEach((other) => other.place?.health.tryEarly()),
      probe: () => Promise.resolve(0),
    };
    return { endpoint, health: new UpstreamHealth(endpoint, health, host) };
  }

  #leave({ place }: Instance): void {
    if (place === undefined) return;
    place.health.close();
    this.#gate.leave(place.endpoint);
  }

  /** No other instance of the service is up. */
  #isLast(instance: Instance): boolean {
    return !this.#others(instance).some((other) => other.place?.endpoint.state === "ready");
  }

  #others(instance: Instance): Instance[] {
    const { name } = instance.registration;
    return [...this.#instances.values()].filter((other) => other !== instance && other.registration.name === name);
  }

  /** Plain requests are answered as they are; declared methods with a value. */
  #linkOf(upstream: Upstream): EndpointLink {
    return {
      ...upstream,
      send: (job, sink) => {
        if (job.target.endsWith(`.${fetchMethod}`)) return upstream.send(job, sink);
        const reply = new InstanceReply(job, sink, this.#gate.maxPayloadBytes);
        return reply.controlledBy(upstream.send(job, reply));
      },
    };
  }
}

function offerOf(registration: Registration): EndpointOffer {
  const { version, weight } = registration;
  const offer: EndpointOffer = { capacity: jobsAtOnce, methods: methodsOf(registration) };
  if (version !== undefined) offer.version = version;
  if (weight !== undefined) offer.weight = weight;
  return offer;
}

function statusOf({ registration, registeredAt, beatAt }: Instance): InstanceStatus {
  const { name, service, version, weight, metadata } = registration;
  return {
    name,
    service,
    register_time: registeredAt / 1000,
    keepalive_time: beatAt / 1000,
    ...(version === undefined ? {} : { version }),
    ...(weight === undefined ? {} : { weight }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function keyOf({ name, service }: Pick<Registration, "name" | "service">): string {
  return `${name} ${service}`;
}
