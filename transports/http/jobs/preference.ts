import { GateError, type Job, type Webhook } from "unigate/transport";
import type { RequestHead } from "../request-job.ts";

/** Longest time that a request may wait for a kept job, in ms: proxies in front rarely keep one open for longer. */
const longestWaitMs = 600_000;

/** How a caller wants its job kept. */
export interface Preference {
  /** How long the response may wait for the result. */
  waitMs: number;
  /** What of `Prefer` was followed, for `Preference-Applied`. */
  applied: string | undefined;
}

/**
 * What a request says of not waiting for its job: `Prefer: respond-async`, `Prefer: wait=10` (seconds), or on the gate's own paths
 * `?mode=async`. Undefined when it wants an answer and nothing else. Source: RFC 7240, sections 4.1 and 4.3.
 */
export function preferenceOf(request: RequestHead, isOwnPath: boolean): Preference | undefined {
  const { prefer } = request.headers;
  const mode = isOwnPath ? modeOf(request.url ?? "/") : undefined;
  if (prefer === undefined && mode === undefined) return undefined;
  // A repeated header comes joined by commas, as a list of preferences.
  const text = String(prefer ?? "");
  const isAsync = /(^|,)\s*respond-async\s*(,|;|$)/i.test(text);
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:,|;|$)/i.exec(text) ?? [];
  if (!isAsync && seconds === undefined && mode === undefined) return undefined;
  const applied = [...(isAsync ? ["respond-async"] : []), ...(seconds === undefined ? [] : [`wait=${seconds}`])].join(", ");
  return { waitMs: Math.min(longestWaitMs, Number(seconds ?? 0) * 1000), applied: applied === "" ? undefined : applied };
}

function modeOf(url: string): "async" | undefined {
  const question = url.indexOf("?");
  const mode = question < 0 ? null : new URLSearchParams(url.slice(question + 1)).get("mode");
  if (mode === null) return undefined;
  if (mode === "async") return mode;
  throw new GateError("invalid_argument", `mode=${mode} is not a mode; write mode=async, or leave it out`);
}

const longestKey = 255;

/**
 * The key under which a repeated request is the same job; undefined when there is none.
 *
 * Source: the IETF draft "The Idempotency-Key HTTP Header Field", where it is a string in quotes; bare texts are common, and taken too.
 */
export function idempotencyKeyOf({ headers }: RequestHead): string | undefined {
  const header = headers["idempotency-key"];
  if (header === undefined) return undefined;
  const key = String(header).replace(/^"(.*)"$/, "$1");
  if (key !== "" && key.length <= longestKey) return key;
  throw new GateError("invalid_argument", `the Idempotency-Key is not a text of 1 to ${longestKey} characters`);
}

/** The key under which a sender of webhooks repeats a request; undefined where it has none. */
export function senderKeyOf({ metadata }: Job, webhook: Webhook | undefined): string | undefined {
  const key = webhook?.idempotencyHeader === undefined ? undefined : metadata.get(webhook.idempotencyHeader);
  return key === undefined || key === "" || key.length > longestKey ? undefined : key;
}
