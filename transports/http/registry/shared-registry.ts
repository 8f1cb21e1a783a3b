import type { GateHost } from "unigate/transport";
import { ServiceRegistry } from "./service-registry.ts";

/** The registry of a gate, for one of its doors. */
export interface SharedRegistry {
  readonly registry: ServiceRegistry;
  /** The door needs it no more; the last one closes it. */
  release(): Promise<void>;
}

const shared = new WeakMap<GateHost, { registry: ServiceRegistry; doors: number }>();

/** One registry per gate, however many HTTP doors it has, and whichever of them a reload opens anew. */
export function shareRegistry(gate: GateHost): SharedRegistry {
  const entry = shared.get(gate) ?? { registry: new ServiceRegistry(gate), doors: 0 };
  shared.set(gate, entry);
  entry.doors++;
  let isReleased = false;
  return {
    registry: entry.registry,
    async release() {
      if (isReleased) return;
      isReleased = true;
      entry.doors--;
      if (entry.doors === 0) await entry.registry.close();
    },
  };
}
