import { lookup, Resolver } from "node:dns/promises";
import type { Clock, Logger, Timer } from "unigate/transport";

/** A server of an upstream. */
export interface ServerName {
  /** `host:port` to connect to. */
  address: string;
  /** `host:port` that calls and certificates name, where it is not the address. */
  name?: string;
}

interface DnsName {
  /** Name server to ask, instead of the system's. */
  resolver: string | undefined;
  host: string;
  port: number;
}

/** Time for a name server to answer, in ms, and how often it is asked. */
const patience = { timeout: 2000, tries: 2 };

/** Reads `dns:///host:port` or `dns://name-server/host:port`; undefined when it is neither. Source: gRPC name resolution. */
export function parseDnsName(text: string): DnsName | undefined {
  const [, resolver = "", host, port] = /^dns:\/\/([^/]*)\/([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  return host === undefined ? undefined : { resolver: resolver === "" ? undefined : resolver, host, port: Number(port) };
}

/**
 * Keeps the list of servers that `to` names: what stands there, and what the dns names among it mean now.
 *
 * A name is looked up again every `everyMs`; while that fails, what it meant last holds.
 */
export class ServerNames {
  readonly #fixed: readonly ServerName[];
  readonly #names: readonly string[];
  readonly #meanings = new Map<string, readonly ServerName[]>();
  readonly #logger: Logger;
  readonly #changed: (servers: readonly ServerName[]) => void;
  readonly #timer: Timer | undefined;
  readonly #failing = new Set<string>();
  #isAsking = false;
  #isClosed = false;
  /** Resolves when every name has been looked up once, found or not. */
  readonly ready: Promise<void>;

  /** `changed` is called at once with what needs no look-up, and then whenever a name has been looked up. */
  constructor(
    to: readonly string[],
    everyMs: number,
    { clock, logger }: { clock: Clock; logger: Logger },
    changed: (servers: readonly ServerName[]) => void,
  ) {
    this.#names = to.filter((one) => parseDnsName(one) !== undefined);
    this.#fixed = to.filter((one) => !this.#names.includes(one)).map((address) => ({ address }));
    this.#logger = logger;
    this.#changed = changed;
    changed(this.#fixed);
    this.ready = this.#names.length === 0 ? Promise.resolve() : this.#lookUpAll();
    if (this.#names.length > 0) this.#timer = clock.every(everyMs, () => void this.#lookUpAll());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.clear();
  }

  async #lookUpAll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    await Promise.all(this.#names.map((name) => this.#lookUp(name)));
    this.#isAsking = false;
    if (!this.#isClosed) this.#changed([...this.#fixed, ...[...this.#meanings.values()].flat()]);
  }

  async #lookUp(text: string): Promise<void> {
    const name = parseDnsName(text) as DnsName;
    try {
      const hosts = await (name.resolver === undefined ? bySystem(name.host) : byResolver(name.host, name.resolver));
      this.#meanings.set(
        text,
        hosts.toSorted().map((host) => ({ address: `${host}:${name.port}`, name: `${name.host}:${name.port}` })),
      );
      if (this.#failing.delete(text)) this.#logger.info("upstream name is found again", { upstream: text });
    } catch (error) {
      if (this.#failing.has(text)) return;
      this.#failing.add(text);
      this.#logger.warn("upstream name is not found", { upstream: text, reason: String(error) });
    }
  }
}

async function bySystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => (family === 6 ? `[${address}]` : address));
}

async function byResolver(host: string, server: string): Promise<string[]> {
  const resolver = new Resolver(patience);
  resolver.setServers([server]);
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (four.status === "rejected" && six.status === "rejected") throw four.reason;
  return [
    ...(four.status === "fulfilled" ? four.value : []),
    ...(six.status === "fulfilled" ? six.value.map((address) => `[${address}]`) : []),
  ];
}
