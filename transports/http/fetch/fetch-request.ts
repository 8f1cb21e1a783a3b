import { type Clock, GateError } from "unigate/transport";
import { noRoom } from "../body-memory.ts";
import type { BodyBounds } from "../direct-request.ts";
import type { RequestHead } from "../request-job.ts";
import type { FetchReply } from "./fetch-reply.ts";

/** A request that is refused with a status of HTTP's own. */
export interface BodyRefusal {
  error: GateError;
  status: number | undefined;
}

/** What holds for the body of a request. */
export interface BodyRules extends BodyBounds {
  /** For it to arrive in full, in ms; 0 for none. */
  timeoutMs: number;
  clock: Clock;
}

/** The head of a `Request`, as node would tell of it. */
export function toHead({ method, url, headers }: Request): RequestHead {
  const { pathname, search } = new URL(url);
  const rawHeaders: string[] = [];
  for (const [name, value] of headers) rawHeaders.push(name, value);
  return { method, url: pathname + search, headers: Object.fromEntries(headers), rawHeaders };
}

/** Reads the body of a request; gives why not when it is too large, too slow, or one too many. Rejects when its sender leaves. */
export async function readBody(request: Request, rules: BodyRules, reply: FetchReply): Promise<Uint8Array | BodyRefusal> {
  if (request.body === null) return new Uint8Array(0);
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > rules.limit) return tooLarge(rules.limit);
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const { promise: late, resolve } = Promise.withResolvers<BodyRefusal>();
  const timer = rules.timeoutMs === 0 ? undefined : rules.clock.after(rules.timeoutMs, () => resolve(tooSlow()));
  try {
    return await Promise.race([collect(reader, rules, reply), late]);
  } finally {
    timer?.clear();
    reader.cancel().catch(() => {});
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { limit, memory }: BodyRules,
  reply: FetchReply,
): Promise<Uint8Array | BodyRefusal> {
  const fits = memory.grow(reply);
  const pieces: Uint8Array[] = [];
  let received = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces, received);
    received += value.length;
    if (received > limit) return tooLarge(limit);
    if (!fits(received)) return { error: noRoom(), status: undefined };
    pieces.push(value);
  }
}

function tooLarge(limit: number): BodyRefusal {
  const error = new GateError("resource_exhausted", `the body is larger than bodyLimit, ${limit} bytes`, { retryable: false });
  return { error, status: 413 };
}

/** The answer to a body that stops on its way. */
export function tooSlow(): BodyRefusal {
  return { error: new GateError("deadline_exceeded", "malformed request: its body came too slowly"), status: 408 };
}
