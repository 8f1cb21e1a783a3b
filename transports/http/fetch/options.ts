import type { ServiceDefinition } from "unigate/worker";
import type { ConfigFault } from "unigate/transport";
import { checkOptions, type HttpOptions } from "../options.ts";

/** Options of a fetch handler: those of `http()` that need no port, and what stands in for one. */
export interface FetchOptions extends Pick<
  HttpOptions,
  "bodyLimit" | "bodyMemory" | "control" | "cors" | "docs" | "registry" | "requestTimeout"
> {
  /** Served by a worker inside the handler. */
  services?: readonly ServiceDefinition[];
  /** The caller's address, from the request or from what else the platform hands over; default unknown. */
  remote?: (request: Request, ...platform: readonly unknown[]) => string | undefined;
}

const known = ["bodyLimit", "bodyMemory", "control", "cors", "docs", "registry", "requestTimeout", "services", "remote"];

/** Every fault of the options. */
export function checkFetchOptions(options: FetchOptions): ConfigFault[] {
  const { services, remote, ...http } = options;
  const faults = checkOptions(http).filter(({ path }) => known.includes(path.split(".", 1)[0] as string));
  if (services !== undefined && !Array.isArray(services))
    faults.push({ path: "services", problem: "is not a list", remedy: "write services: [defineService(…)]" });
  if (remote !== undefined && typeof remote !== "function")
    faults.push({
      path: "remote",
      problem: "is not a function",
      remedy: 'write (request) => request.headers.get("x-real-ip") ?? undefined',
    });
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      faults.push({ path: key, problem: "is not a known option of createFetchHandler()", remedy: `known are ${known.join(", ")}` });
  }
  return faults;
}
