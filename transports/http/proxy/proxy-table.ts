import { METHODS } from "node:http";
import findMyWay, { type HTTPMethod } from "find-my-way";

/** What a proxied route does with its requests. */
export interface ProxyEntry {
  /** `name.fetch`. */
  readonly target: string;
  readonly rewrite: ((path: string) => string) | undefined;
  readonly headers: Readonly<Record<string, string | null>> | undefined;
}

const everyMethod = METHODS.filter((method) => method !== "CONNECT");
const noHandler = (): void => {};

/** Finds the proxied route of a request: the most specific path that has its method. */
export class ProxyTable {
  readonly #router = findMyWay({ maxParamLength: 1_000_000 });

  add(path: string, methods: readonly string[] | undefined, entry: ProxyEntry): void {
    for (const method of methods ?? everyMethod) this.#router.on(method.toUpperCase() as HTTPMethod, path, noHandler, entry);
  }

  find(method: string, path: string): ProxyEntry | undefined {
    const found = this.#router.find(method as HTTPMethod, path);
    if (found !== null) return found.store as ProxyEntry;
    // The router decodes what it matches and knows UTF-8 only; any other byte is as good in a path.
    if (!path.includes("%")) return undefined;
    return this.#router.find(method as HTTPMethod, path.replaceAll("%", "%25"))?.store as ProxyEntry | undefined;
  }
}
