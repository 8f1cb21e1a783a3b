import { type Client, GateError } from "unigate/client";
import type { GateAddress } from "../contexts/gate-address.ts";
import type { AsyncJobStatus, DrainStatus, Explanation, PoolStatus, WorkerDetail } from "unigate/transport";
import type { Page } from "./state.ts";
import type { Store } from "./store.ts";

const timeout = "5s";
/** Dead letters on their page: the latest. */
const mostDead = 50;

/** Asks the gate for what the open page shows beyond the rows, once; the store takes it when the page is still open. */
export async function askForPage(client: Client, store: Store): Promise<void> {
  const { page } = store.get();
  if (page === undefined || page.name === "help") return;
  store.dispatch({ type: "explained", page: await answered(client, page) });
}

async function answered(client: Client, page: Exclude<Page, { name: "help" }>): Promise<Page> {
  try {
    if (page.name === "worker")
      return { ...page, detail: await client.call<WorkerDetail>("Gate.worker", [page.id], { timeout }), error: undefined };
    if (page.name === "pool") {
      const pools = await client.call<PoolStatus[]>("Gate.pools", [], { timeout });
      return { ...page, status: pools.find(({ name }) => name === page.pool), error: undefined };
    }
    if (page.name === "kept jobs") {
      const query = { state: "dead", limit: mostDead };
      return { ...page, dead: (await client.call<{ jobs: AsyncJobStatus[] }>("Gate.jobs", [query], { timeout })).jobs, error: undefined };
    }
    return { ...page, explanation: await client.call<Explanation>("Gate.explain", [page.target], { timeout }), error: undefined };
  } catch (error) {
    return { ...page, error: GateError.from(error).message };
  }
}

/** Drains a worker, unless the gate is read-only here; the store hears how it went. */
export async function drain(client: Client, store: Store, worker: string, { source, isReadOnly }: GateAddress): Promise<void> {
  store.dispatch({ type: "answered" });
  if (isReadOnly) return store.dispatch({ type: "failed", text: `${source} is read-only: ${worker} was not drained` });
  try {
    store.dispatch({ type: "drained", status: await client.call<DrainStatus>("Gate.drain", [worker], { timeout }) });
  } catch (error) {
    store.dispatch({ type: "failed", text: `${worker} was not drained: ${GateError.from(error).message}` });
  }
}
