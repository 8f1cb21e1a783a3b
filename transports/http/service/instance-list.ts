import { GateError } from "unigate/transport";
import { askGate, gateHeaders } from "./gate-request.ts";
import { Instance } from "./instance.ts";
import type { ServerOptions, ServiceSettings } from "./service-options.ts";

/** For an answer of the registry, in ms. */
const answerMs = 5000;

/**
 * The instances of a service: those that the gate's registry names, else those of the program's own list.
 *
 * The registry is asked when a call finds the list old. The call goes on with the old list meanwhile, so only the first one waits, and a
 * gate that is away changes nothing. An instance that stays in the list stays the same object.
 */
export class InstanceList {
  readonly #service: string;
  readonly #settings: ServiceSettings;
  readonly #known = new Map<string, Instance>();
  #instances: readonly Instance[];
  #sequence = 0;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(service: string, settings: ServiceSettings) {
    this.#service = service;
    this.#settings = settings;
    this.#instances = this.#replace(settings.servers);
  }

  /** At least one instance; throws `unavailable` when nobody serves, or the gate's own refusal. */
  async current(): Promise<readonly Instance[]> {
    const { gate, clock, refreshMs } = this.#settings;
    if (gate !== undefined && clock.now() - this.#askedAt >= refreshMs) {
      const asked = this.refresh(gate);
      // Nothing to go on with: this call waits, and hears why there is nothing.
      if (this.#instances.length === 0) await asked;
      else asked.catch(() => {});
    }
    if (this.#instances.length > 0) return this.#instances;
    // What the registry said last was that nobody serves.
    this.#askedAt = -Infinity;
    throw new GateError("unavailable", `nobody serves ${JSON.stringify(this.#service)}${gate === undefined ? "" : ` at ${gate}`}`);
  }

  /** The list is not to be trusted any more: the next call asks again. */
  doubt(): void {
    this.#askedAt = -Infinity;
  }

  /** Asks the registry; questions at the same time are one. */
  refresh(gate: string): Promise<void> {
    this.#asking ??= this.#ask(gate).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(gate: string): Promise<void> {
    const { servers, key, clock } = this.#settings;
    try {
      const url = `${gate}/service/${encodeURIComponent(this.#service)}`;
      const data = await askGate(url, { headers: gateHeaders(key), signal: AbortSignal.timeout(answerMs) });
      const found = toServers(data);
      this.#instances = this.#replace(found.length > 0 ? found : servers);
      this.#askedAt = clock.now();
    } catch (thrown) {
      const error = GateError.from(thrown, "unavailable");
      if (error.code === "not_found") this.#instances = this.#replace(servers);
      else if (this.#instances.length === 0) throw error;
      // Not with every call while the gate is away.
      this.#askedAt = clock.now();
    }
  }

  #replace(servers: readonly ServerOptions[]): readonly Instance[] {
    const instances = servers.map((server) => {
      const url = server.url.replace(/\/+$/, "");
      const instance = this.#known.get(url) ?? new Instance(url, ++this.#sequence, this.#settings.clock);
      instance.describe(server);
      return instance;
    });
    this.#known.clear();
    for (const instance of instances) this.#known.set(instance.id, instance);
    // In the order of joining, which strategies rely on; a URL that stands twice is one instance.
    return [...this.#known.values()].toSorted((a, b) => a.sequence - b.sequence);
  }
}

/** The instances in a registry's answer; what is none is left out. */
function toServers(data: unknown): ServerOptions[] {
  if (!Array.isArray(data)) return [];
  return (data as Record<string, unknown>[]).flatMap((one) => {
    const { service, weight, version } = one ?? {};
    if (typeof service !== "string" || !URL.canParse(service)) return [];
    const server: ServerOptions = { url: service };
    if (typeof weight === "number") server.weight = weight;
    if (typeof version === "string") server.version = version;
    return [server];
  });
}
