import { type Client, GateError } from "unigate/client";
import type { WatchUpdate } from "unigate/transport";
import type { Store } from "./store.ts";

/** Time between two updates, and before another try when the gate is away, in ms. */
const intervalMs = 1000;
const retryMs = 500;
/** How long a heart shows its beat, in ms. */
const beatMs = 350;

/** Reads the updates of the gate, and begins again whenever they end, until `signal` aborts. Rejects when the gate never answers. */
export async function followGate(client: Client, store: Store, signal: AbortSignal): Promise<void> {
  let hasAnswered = false;
  while (!signal.aborted) {
    try {
      for await (const update of updates(client, signal)) {
        hasAnswered = true;
        store.dispatch({ type: "updated", update, now: Date.now() });
        setTimeout(() => store.dispatch({ type: "rested" }), beatMs).unref();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!hasAnswered) throw error;
      store.dispatch({ type: "lost", reason: GateError.from(error).message, now: Date.now() });
    }
    await pause(retryMs, signal);
  }
}

/** The updates of one stream, which lasts until the gate ends it or the link breaks. */
export function updates(client: Client, signal: AbortSignal): AsyncIterable<WatchUpdate> {
  return client.call("Gate.watch", [{ intervalMs }], { timeout: 0, signal }) as AsyncIterable<unknown> as AsyncIterable<WatchUpdate>;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  return promise;
}
