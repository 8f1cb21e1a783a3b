import { render } from "ink";
import type { Client } from "unigate/client";
import { shownUrl } from "unigate/transport";
import type { GateAddress } from "../contexts/gate-address.ts";
import { Dashboard } from "./dashboard.tsx";
import { followGate } from "./follow-gate.ts";
import { commandOf } from "./keys.ts";
import { askForPage, drain } from "./page-answers.ts";
import { initialState } from "./state.ts";
import { createStore, type Store } from "./store.ts";
import { themeFor } from "./theme.ts";

/** Frames per second at most: figures change once a second, keys are answered at once. */
const maxFps = 15;

/** Runs the dashboard in this terminal until its user leaves; resolves with the key that ended it. Rejects when the gate never answers. */
export async function runDashboard(client: Client, gate: GateAddress): Promise<string> {
  const store = createStore(initialState(shownUrl(gate.url)));
  const leaving = new AbortController();
  const following = followGate(client, store, leaving.signal);
  // Nobody wants a screen that cannot show anything: the first update comes before it.
  await Promise.race([firstUpdate(store), following]);
  let lastKey = "";
  const app = render(<Dashboard store={store} theme={themeFor(process.env)} onKey={(key) => press(key)} />, {
    alternateScreen: true,
    incrementalRendering: true,
    maxFps,
    exitOnCtrlC: false,
    interactive: true,
  });
  const unwatch = refreshPages(client, store);
  function press(key: string): void {
    const command = commandOf(store.get(), key);
    if (command === undefined) return;
    if (command.type === "quit") {
      lastKey = key;
      app.unmount();
    } else if (command.type === "drain") void drain(client, store, command.worker, gate);
    else store.dispatch(command);
  }
  try {
    await app.waitUntilExit();
  } finally {
    unwatch();
    leaving.abort();
    await following;
  }
  return lastKey;
}

function firstUpdate(store: Store): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = store.subscribe(() => {
    unsubscribe();
    resolve();
  });
  return promise;
}

/** Asks for the page when it opens, and again with every update. */
function refreshPages(client: Client, store: Store): () => void {
  let seen = store.get();
  return store.subscribe(() => {
    const now = store.get();
    const hasOpened = now.page !== undefined && now.page.name !== seen.page?.name;
    const hasMoved = now.live.updates !== seen.live.updates;
    seen = now;
    if (hasOpened || hasMoved) void askForPage(client, store);
  });
}
