import { type Call, type Client, GateError } from "unigate/client";
import type { CallArguments } from "../calling/call-arguments.ts";
import type { Tally } from "./tally.ts";

/** What to call, and how hard. */
export interface Load extends CallArguments {
  target: string;
  /** Calls under way at any time. */
  concurrency: number;
  durationMs: number;
  /** Ends the load early. */
  signal: AbortSignal;
}

/** How long a load took, in ms, and how many calls were under way at its end; these are cancelled, and in no tally. */
export interface LoadEnd {
  elapsedMs: number;
  unfinished: number;
}

/** Keeps `concurrency` calls under way until the time is over: the next one leaves when one has ended. */
export async function applyLoad(client: Client, load: Load, tally: Tally): Promise<LoadEnd> {
  const { target, args, metadata, timeout, concurrency, durationMs, signal } = load;
  const open = new Set<Call<unknown>>();
  const startedAt = performance.now();
  const over = new AbortController();

  const oneAfterTheOther = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const call = client.call(target, args, { metadata, timeout });
      open.add(call);
      await measure(call, tally, over.signal);
      open.delete(call);
    }
  };
  const all = Promise.all(Array.from({ length: concurrency }, oneAfterTheOther));
  await elapsed(durationMs, signal);
  over.abort();
  const elapsedMs = performance.now() - startedAt;
  const unfinished = open.size;
  for (const call of open) call.cancel("the bench is over");
  await all;
  return { elapsedMs, unfinished };
}

async function measure(call: Call<unknown>, tally: Tally, over: AbortSignal): Promise<void> {
  const sentAt = performance.now();
  let values = 0;
  try {
    for await (const _ of call) values++;
    if (!over.aborted) tally.done(performance.now() - sentAt, call.isStream ? values : 0);
  } catch (error) {
    const { code, message } = GateError.from(error);
    if (!over.aborted) tally.failedWith(code, message);
  }
}

function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
