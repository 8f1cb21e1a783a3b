import { openConnection, parseGateUrl } from "../transport/carriers.ts";
import { defaultGateKey, defaultGateUrl } from "../transport/default-gate-url.ts";
import { nodeAgent } from "../transport/node-agent.ts";
import { type Client, type ClientOptions, createClient } from "./client.ts";

/**
 * Connects to a gate; returns at once, the link comes up in the background.
 *
 * @example
 * ```ts
 * import { connect } from "unigate";
 *
 * const client = connect<typeof import("./handlers.ts")>("tcp://127.0.0.1:5555");
 * const greeter = client.service("greeter");
 * console.log(await greeter.hello("Ada"));
 * await client.close();
 * ```
 */
export function connect<Api = never>(url: string = defaultGateUrl(), options: ClientOptions = {}): Client<Api> {
  const key = options.key ?? defaultGateKey();
  return createClient(parseGateUrl(url), key === undefined ? options : { ...options, key }, { open: openConnection, agent: nodeAgent });
}
