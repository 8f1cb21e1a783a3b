import { useInput, useWindowSize } from "ink";
import { type ReactNode, useSyncExternalStore } from "react";
import { keyNames } from "./key-name.ts";
import { Screen } from "./screen.tsx";
import type { Store } from "./store.ts";
import type { Theme } from "./theme.ts";

/** The screen of a live terminal: it follows the store and the size, and hands on every key by its name. */
export function Dashboard({ store, theme, onKey }: { store: Store; theme: Theme; onKey: (key: string) => void }): ReactNode {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const size = useWindowSize();
  useInput((input, key) => {
    for (const name of keyNames(input, key)) onKey(name);
  });
  return <Screen state={state} size={size} theme={theme} />;
}
