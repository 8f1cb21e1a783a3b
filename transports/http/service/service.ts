import type { Balancer, Placement } from "unigate";
import { GateError, jsonType, Metadata } from "unigate/transport";
import type { HttpMethod } from "./http-method.ts";
import type { Instance } from "./instance.ts";
import { InstanceList } from "./instance-list.ts";
import { bindRequest } from "./request-template.ts";
import { checkResult } from "./check-result.ts";
import { sendRequest, type SentRequest } from "./send-request.ts";
import { type ServiceOptions, type ServiceSettings, toServiceSettings } from "./service-options.ts";
import { wasNeverSent } from "./try-error.ts";

type AnyFunction = (...args: never[]) => unknown;

/** How each method of an interface becomes a request. */
export type ServiceMethods<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends AnyFunction ? HttpMethod<Awaited<ReturnType<Api[Name]>>> : never;
};

/** A service as its callers see it: every method answers with a promise. */
export type ServiceClient<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends AnyFunction
    ? (...args: Parameters<Api[Name]>) => Promise<Awaited<ReturnType<Api[Name]>>>
    : never;
};

/**
 * A typed client of an HTTP service, with or without a gate: it finds the instances, spreads calls over them, and tries again on another
 * where that is safe (nothing was sent, or the method is idempotent and the instance unavailable).
 *
 * Calls fail with a `GateError`: `unavailable` when no instance can be reached, `deadline_exceeded` after `timeout`, else by the status of
 * the response. Throws `invalid_argument` that names every fault of the options.
 *
 * @example
 * ```ts
 * import { get, service } from "unigate/service";
 *
 * interface Calc { add(a: number, b: number): number }
 * const calc = service<Calc>("calc_server", { add: get("/add/{a}/{b}") }, { gate: "http://gate:9000" });
 * await calc.add(1, 0.5);
 * ```
 */
export function service<Api>(name: string, methods: ServiceMethods<Api>, options: ServiceOptions = {}): ServiceClient<Api> {
  const settings = toServiceSettings(name, options);
  const caller = new ServiceCaller(name, settings);
  const bound = Object.entries<HttpMethod>(methods as Readonly<Record<string, HttpMethod>>).map(([key, method]) => {
    const call = (...args: readonly unknown[]): Promise<unknown> => caller.call(`${name}.${key}`, method, args);
    return [key, call] as const;
  });
  return Object.fromEntries(bound) as unknown as ServiceClient<Api>;
}

/** What a timer can hold, in ms. */
const longestTimerMs = 2 ** 31 - 1;

class ServiceCaller {
  readonly #settings: ServiceSettings;
  readonly #instances: InstanceList;
  readonly #balancer: Balancer;

  constructor(name: string, settings: ServiceSettings) {
    this.#settings = settings;
    this.#instances = new InstanceList(name, settings);
    this.#balancer = settings.strategy.createBalancer();
  }

  async call(target: string, method: HttpMethod, args: readonly unknown[]): Promise<unknown> {
    const { verb, path, body } = bindRequest(target, method.template, args);
    const payload = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
    const request: SentRequest = { verb, path, body: payload, headers: this.#settings.headers };
    const deadline = this.#settings.clock.now() + (method.timeoutMs ?? this.#settings.timeoutMs);
    const value = await this.#try(target, method, request, deadline);
    return method.response === undefined ? value : await checkResult(target, method.response, value);
  }

  async #try(target: string, method: HttpMethod, request: SentRequest, deadline: number): Promise<unknown> {
    const { attempts } = this.#settings;
    const tried = new Set<Instance>();
    const placement: Placement = { target, metadata: Metadata.from(request.headers), payload: request.body ?? new Uint8Array() };
    for (;;) {
      const instance = this.#pick(await this.#current(deadline), tried, placement);
      tried.add(instance);
      try {
        return await this.#sendTo(instance, target, request, deadline);
      } catch (thrown) {
        const error = GateError.from(thrown, "internal");
        if (wasNeverSent(error)) this.#instances.doubt();
        const mayRepeat = wasNeverSent(error) || (method.idempotent && mayHelp(error));
        if (!mayRepeat || tried.size >= attempts || this.#settings.clock.now() >= deadline) throw error;
        const left = await this.#current(deadline);
        if (left.every((other) => tried.has(other))) throw error;
      }
    }
  }

  /** A gate that is slow to say who serves must not hold up a call for longer than its own time. */
  async #current(deadline: number): Promise<readonly Instance[]> {
    const { clock } = this.#settings;
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = clock.after(Math.max(0, deadline - clock.now()), () =>
      reject(new GateError("deadline_exceeded", "the gate did not say in time who serves")),
    );
    try {
      return await Promise.race([this.#instances.current(), tooLate]);
    } finally {
      timer.clear();
    }
  }

  /** Of those that have not been tried, and that do not rest while others are up. */
  #pick(instances: readonly Instance[], tried: ReadonlySet<Instance>, placement: Placement): Instance {
    const untried = instances.filter((instance) => !tried.has(instance));
    const fresh = untried.length > 0 ? untried : instances;
    const awake = fresh.filter((instance) => !instance.rests);
    const instance = this.#balancer.pick(awake.length > 0 ? awake : fresh, placement);
    if (instance !== undefined) return instance;
    throw new GateError("unavailable", `the strategy ${this.#settings.strategy.name} finds no instance for ${placement.target}`);
  }

  async #sendTo(instance: Instance, target: string, request: SentRequest, deadline: number): Promise<unknown> {
    const { clock, tryTimeoutMs, maxResponseBytes } = this.#settings;
    const startedAt = clock.now();
    const timeoutMs = Math.min(Math.max(1, Math.ceil(Math.min(deadline - startedAt, tryTimeoutMs))), longestTimerMs);
    let code: GateError["code"] | undefined;
    instance.inFlight++;
    try {
      return await sendRequest(instance.id, target, request, { timeoutMs, maxResponseBytes, accept: `${jsonType}, */*;q=0.5` });
    } catch (thrown) {
      ({ code } = GateError.from(thrown, "internal"));
      throw thrown;
    } finally {
      instance.inFlight--;
      const outcome = { durationMs: clock.now() - startedAt, code };
      instance.settled(outcome);
      this.#balancer.settled?.(instance, outcome);
    }
  }
}

/** Another instance may do better: this one is away, overloaded, or does not answer. */
function mayHelp({ code }: GateError): boolean {
  return code === "unavailable" || code === "deadline_exceeded" || code === "resource_exhausted";
}
