import { type Action, reduce, type State } from "./state.ts";

/** The state outside React: whoever shows it subscribes. */
export interface Store {
  readonly get: () => State;
  readonly dispatch: (action: Action) => void;
  /** Returns what ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Makes a store that begins with `state`. */
export function createStore(state: State): Store {
  let current = state;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    dispatch(action) {
      const next = reduce(current, action);
      if (next === current) return;
      current = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
