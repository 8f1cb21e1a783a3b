import { serviceOf } from "../job/job.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { Clock } from "../observe/clock.ts";
import { Endpoint, type EndpointLink, type EndpointOffer, type EndpointOwner } from "./endpoint.ts";
import { Pool } from "./pool.ts";

/** What the registry tells the rest of the gate. */
export interface RegistryListener {
  /** The endpoint has room: waiting jobs may go to it. */
  available?(endpoint: Endpoint): void;
  /** A worker of the target came, went, or changed its state or version. */
  workersChanged?(target: string): void;
  /** Jobs of the target are under way: it must not be forgotten. */
  holds?(target: string): boolean;
  /** Nobody has served the target for long; the next worker of it starts anew. */
  forgotten?(target: string): void;
  joined?(endpoint: Endpoint): void;
  /** `reason` is for people; none when it said goodbye. */
  left?(endpoint: Endpoint, reason: string | undefined): void;
  stateChanged?(endpoint: Endpoint): void;
  /** The set of served methods changed, for bindings and discovery. */
  methodsChanged?(): void;
}

/** Targets without a worker that are remembered as known; the oldest is forgotten beyond it. */
const maxEmptyPools = 10_000;

/**
 * Which endpoints are alive and what they serve.
 *
 * Everything is done in one turn of the event loop, so workers that join at the same moment cannot overwrite each other.
 */
export class Registry implements EndpointOwner {
  readonly #clock: Clock;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #pools = new Map<string, Pool>();
  readonly #emptyPools = new Set<string>();
  readonly #services = new Map<string, number>();
  readonly #listeners: RegistryListener[] = [];
  #sequence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(listener: RegistryListener): void {
    this.#listeners.push(listener);
  }

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#endpoints;
  }

  get pools(): ReadonlyMap<string, Pool> {
    return this.#pools;
  }

  /** The pool of a target that some worker serves or has served, else undefined. */
  pool(target: string): Pool | undefined {
    return this.#pools.get(target);
  }

  /** Makes `target` known before any worker serves it. */
  expect(target: string): Pool {
    const pool = new Pool(target);
    this.#pools.set(target, pool);
    return pool;
  }

  /** Tells whether a live endpoint serves any method of `service`. */
  hasService(service: string): boolean {
    return this.#services.has(service);
  }

  /** Takes a worker in. Its id gets a suffix when a live endpoint has it already: two processes are never merged. */
  join(link: EndpointLink, offer: EndpointOffer): Endpoint {
    const sequence = ++this.#sequence;
    const endpoint = new Endpoint(this.#freeId(link.id), sequence, this.#clock.now(), link, this);
    this.#endpoints.set(endpoint.id, endpoint);
    this.offer(endpoint, offer);
    for (const listener of this.#listeners) listener.joined?.(endpoint);
    return endpoint;
  }

  /** Takes what a worker says of itself; methods add to those it declared before. */
  offer(endpoint: Endpoint, offer: EndpointOffer): void {
    if (!this.#isLive(endpoint)) return;
    endpoint.capacity = offer.capacity >= 1 ? Math.floor(offer.capacity) : 1;
    endpoint.version = offer.version;
    endpoint.weight = offer.weight !== undefined && offer.weight > 0 && offer.weight < Infinity ? offer.weight : 1;
    for (const method of offer.methods) {
      const isNew = !endpoint.methods.has(method.name);
      endpoint.methods.set(method.name, method);
      if (isNew) this.#enter(method, endpoint);
      else (this.#pools.get(method.name) as Pool).info = method;
    }
    endpoint.refresh();
    if (endpoint.isAvailable) this.#tellAvailable(endpoint);
    this.#tellWorkersOf(endpoint);
    this.#tellMethods();
  }

  withdraw(endpoint: Endpoint, methods: readonly string[]): void {
    for (const name of methods) {
      if (endpoint.methods.delete(name)) this.#exit(name, endpoint);
    }
    this.#tellMethods();
  }

  /** The endpoint is gone; its running jobs are its link's to fail. */
  leave(endpoint: Endpoint, reason?: string): void {
    if (!this.#isLive(endpoint)) return;
    endpoint.setState("down");
    this.#endpoints.delete(endpoint.id);
    for (const name of endpoint.methods.keys()) this.#exit(name, endpoint);
    for (const listener of this.#listeners) listener.left?.(endpoint, reason);
    this.#tellMethods();
  }

  availabilityChanged(endpoint: Endpoint): void {
    if (!this.#isLive(endpoint)) return;
    for (const name of endpoint.methods.keys()) this.#pools.get(name)?.availabilityChanged(endpoint);
    if (endpoint.isAvailable) this.#tellAvailable(endpoint);
  }

  stateChanged(endpoint: Endpoint): void {
    this.#tellWorkersOf(endpoint);
    for (const listener of this.#listeners) listener.stateChanged?.(endpoint);
  }

  #enter(method: MethodInfo, endpoint: Endpoint): void {
    const pool = this.#pools.get(method.name) ?? this.expect(method.name);
    this.#emptyPools.delete(method.name);
    pool.add(endpoint, method);
    const service = serviceOf(method.name);
    this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
  }

  #exit(target: string, endpoint: Endpoint): void {
    const pool = this.#pools.get(target);
    pool?.remove(endpoint);
    const service = serviceOf(target);
    const left = (this.#services.get(service) ?? 1) - 1;
    if (left > 0) this.#services.set(service, left);
    else this.#services.delete(service);
    this.#tellWorkers(target);
    if (pool === undefined || pool.members.length > 0) return;
    this.#emptyPools.add(target);
    if (this.#emptyPools.size > maxEmptyPools) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const target of this.#emptyPools) {
      if (this.#listeners.some((listener) => listener.holds?.(target) === true)) continue;
      this.#emptyPools.delete(target);
      this.#pools.delete(target);
      for (const listener of this.#listeners) listener.forgotten?.(target);
      return;
    }
  }

  #isLive(endpoint: Endpoint): boolean {
    return this.#endpoints.get(endpoint.id) === endpoint;
  }

  #freeId(id: string): string {
    if (!this.#endpoints.has(id)) return id;
    for (let number = 2; ; number++) {
      const candidate = `${id}~${number}`;
      if (!this.#endpoints.has(candidate)) return candidate;
    }
  }

  #tellWorkersOf(endpoint: Endpoint): void {
    for (const target of endpoint.methods.keys()) this.#tellWorkers(target);
  }

  #tellWorkers(target: string): void {
    for (const listener of this.#listeners) listener.workersChanged?.(target);
  }

  #tellAvailable(endpoint: Endpoint): void {
    for (const listener of this.#listeners) listener.available?.(endpoint);
  }

  #tellMethods(): void {
    for (const listener of this.#listeners) listener.methodsChanged?.();
  }
}
