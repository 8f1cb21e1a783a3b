import { type ConfigFault, type Duration, parseDuration, parseSize, type Size } from "unigate/transport";

/** Options of the HTTP transport. */
export interface HttpOptions {
  /** Default 9000; 0 takes a free one. */
  port?: number;
  /** Address to listen on; default `"127.0.0.1"`, `"0.0.0.0"` for every network. */
  host?: string;
  /** Largest request body; default `"16mb"`, and never more than the gate's `maxPayload`. */
  bodyLimit?: Size;
  /** Prefix of the gate's own routes (`/health`, `/call`, …); default none. */
  control?: string;
  /** Time for a request to arrive in full; default `"60s"`. */
  requestTimeout?: Duration;
}

/** Options with every default filled in. */
export interface HttpSettings {
  port: number;
  host: string;
  bodyLimit: number;
  control: string;
  requestTimeoutMs: number;
}

const keys = ["port", "host", "bodyLimit", "control", "requestTimeout"];

/** Every fault of the options. */
export function checkOptions(options: HttpOptions): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const { port, host, bodyLimit, control, requestTimeout } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    faults.push({ path: "port", problem: `${JSON.stringify(port)} is not a port`, remedy: "write a whole number from 0 to 65535" });
  }
  if (host !== undefined && (typeof host !== "string" || host === ""))
    faults.push({ path: "host", problem: "is not an address", remedy: 'write "127.0.0.1" or "0.0.0.0"' });
  if (bodyLimit !== undefined && parseSize(bodyLimit) === undefined)
    faults.push({ path: "bodyLimit", problem: "is not a size", remedy: 'write one such as "16mb"' });
  if (control !== undefined && !/^(\/[\w.~-]+)*$/.test(control))
    faults.push({ path: "control", problem: "is not a path prefix", remedy: 'write one such as "/_gate"' });
  if (requestTimeout !== undefined && parseDuration(requestTimeout) === undefined)
    faults.push({ path: "requestTimeout", problem: "is not a duration", remedy: 'write one such as "60s"' });
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: key, problem: "is not a known option of http()", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}

/** Fills in the defaults of options that have no fault. */
export function toSettings(options: HttpOptions, maxPayloadBytes: number): HttpSettings {
  return {
    port: options.port ?? 9000,
    host: options.host ?? "127.0.0.1",
    bodyLimit: Math.min(parseSize(options.bodyLimit) ?? 16 * 1024 * 1024, maxPayloadBytes),
    control: options.control ?? "",
    requestTimeoutMs: parseDuration(options.requestTimeout) ?? 60_000,
  };
}
