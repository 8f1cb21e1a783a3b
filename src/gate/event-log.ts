import type { Clock } from "../observe/clock.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { RegistryListener } from "../registry/registry.ts";
import type { GateEvent } from "../transport/watch-update.ts";
import { missedBeats } from "./missed-beats.ts";

/** Events that are remembered; the oldest is forgotten beyond it. */
const most = 200;
/** A worker whose link ends goes down and leaves in one breath, in ms. */
const breathMs = 100;

/** What happened at the gate lately: workers that came, went or fell silent, and changed routes. */
export class EventLog implements RegistryListener {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #events: GateEvent[] = [];
  #count = 0;

  constructor(clock: Clock, startedAt: number) {
    this.#clock = clock;
    this.#startedAt = startedAt;
    this.note("started", "the gate started");
  }

  /** Events so far, the forgotten ones too: what `since` takes. */
  get count(): number {
    return this.#count;
  }

  /** The remembered events after the first `count`, oldest first. */
  since(count: number): GateEvent[] {
    const fresh = Math.min(this.#count - count, this.#events.length);
    return fresh <= 0 ? [] : this.#events.slice(-fresh);
  }

  note(kind: GateEvent["kind"], text: string, worker = ""): void {
    this.#events.push({ atMs: this.#clock.now() - this.#startedAt, kind, worker, text });
    this.#count++;
    if (this.#events.length > most) this.#events.shift();
  }

  // From the registry.

  joined({ id, transport, methods, version }: Endpoint): void {
    const named = version === undefined ? "" : `, version ${version}`;
    // Servers that say nothing of their methods get them as they are called.
    const serving = methods.size === 0 ? "" : ` with ${methods.size === 1 ? "1 method" : `${methods.size} methods`}`;
    this.note("joined", `${id} joined over ${transport}${serving}${named}`, id);
  }

  left({ id }: Endpoint, reason: string | undefined): void {
    const last = this.#events.at(-1);
    const wentDownNow = last?.kind === "down" && last.worker === id && this.#now() - last.atMs < breathMs;
    if (wentDownNow) this.#takeBack();
    this.note("left", `${id} left${reason === undefined ? "" : `: ${reason}`}`, id);
  }

  stateChanged({ id, state, inFlight, link }: Endpoint): void {
    if (state === "ready") this.note("ready", `${id} serves again`, id);
    else if (state === "draining") this.note("draining", `${id} drains, ${inFlight} in flight`, id);
    else this.note("down", `${id} is down${missedBeats(link)}`, id);
  }

  #now(): number {
    return this.#clock.now() - this.#startedAt;
  }

  #takeBack(): void {
    this.#events.pop();
    this.#count--;
  }
}
