import { describe, expect, it } from "vitest";
import { commandOf, keyTable } from "../../../cli/top/keys.ts";
import { nextRow, viewOf } from "../../../cli/top/panels/panels.ts";
import { reduce, type State } from "../../../cli/top/state.ts";
import { after, busy, startedAt, target, update, worker } from "./pictures.ts";

const namesOf = (state: State, panel: "routes" | "workers"): string[] =>
  viewOf(state, panel).rows.map((row) => (row as { name?: string; id?: string }).name ?? (row as { id: string }).id);

describe("updates", () => {
  it("give rates as the difference of two, by the gate's own clock", () => {
    const { live } = after(...busy);
    expect(live.targets.get("text.echo")).toMatchObject({ calls: 2200, errors: 0 });
    expect(live.targets.get("Image.embed")).toMatchObject({ calls: 1240, errors: 38, strategy: "leastConnections" });
    expect(live.workers.get("image-1")).toMatchObject({ calls: 920, hasBeaten: true });
    expect(live.totals).toMatchObject({ calls: 3600, errors: 54, cpu: 0.03 });
  });

  it("that were missed do not make a rate of one look like a burst", () => {
    const late = update(5, { targets: [{ name: "a.b", accepted: 500 }], jobs: { ...update(0).jobs, accepted: 500 } });
    expect(after(update(0, { targets: [target("a.b")] }), late).live.targets.get("a.b")).toMatchObject({ calls: 100 });
  });

  it("that say nothing of a row leave it as it was, and idle", () => {
    const { live } = after(...busy, update(2));
    expect(live.targets.get("text.echo")).toMatchObject({ accepted: 2200, calls: 0, p99Ms: 1.7 });
    expect(live.workers.get("image-1")).toMatchObject({ calls: 0, hasBeaten: false });
  });

  it("take rows away that are gone", () => {
    const { live } = after(...busy, update(2, { goneTargets: ["text.echo"], goneWorkers: ["text-1"] }));
    expect([live.targets.has("text.echo"), live.workers.has("text-1")]).toEqual([false, false]);
  });

  it("of a stream that begins anew at the same gate replace the rows, keep the rates, and tell no event twice", () => {
    const again = {
      ...update(0),
      uptimeMs: 4000,
      targets: [target("text.echo", { accepted: 2400 })],
      events: busy.flatMap(({ events }) => events),
    };
    const { live } = after(...busy, { type: "lost", reason: "cut", now: startedAt + 3000 }, again);
    expect([...live.targets.keys()]).toEqual(["text.echo"]);
    expect(live.targets.get("text.echo")).toMatchObject({ calls: 100 });
    expect(live.events.map(({ kind }) => kind)).toEqual(["started", "joined", "down", "lost", "attached"]);
    expect(live.events.at(-1)?.text).toBe("the gate answers again");
  });

  it("of a gate that has restarted begin from nothing, and the log says so", () => {
    const fresh = { ...update(0), uptimeMs: 500 };
    const other = { ...fresh, gate: { ...fresh.gate!, id: "ffff0000" }, targets: [target("text.echo", { accepted: 3 })] };
    const state = after(...busy, { type: "lost", reason: "cut", now: startedAt + 2500 }, other);
    expect(state.live.targets.get("text.echo")).toMatchObject({ calls: 0, accepted: 3 });
    expect(state.live.workers.size).toBe(0);
    expect(state.notice?.text).toBe("attached again: the gate has restarted");
  });

  it("keep a bounded history and a bounded log", () => {
    const events = Array.from({ length: 200 }, (_, at) => ({ atMs: at, kind: "joined" as const, worker: "w", text: `event ${at}` }));
    const updates = Array.from({ length: 400 }, (_, at) => update(at, { events }));
    const { live } = after(...updates);
    expect([live.history.length, live.events.length]).toEqual([240, 500]);
  });

  it("show a beat that was missed, and count it in the trace", () => {
    const states = after(update(0, { workers: [worker("w", { beats: 5 })] }), update(1, { workers: [{ id: "w", missedBeats: 1 }] }));
    expect(states.live.workers.get("w")).toMatchObject({ hasBeaten: false, pulse: [false, true] });
  });
});

describe("keys", () => {
  const press = (state: State, ...keys: string[]): State =>
    keys.reduce((now, key) => {
      const command = commandOf(now, key);
      return command === undefined || command.type === "quit" || command.type === "drain" ? now : reduce(now, command);
    }, state);

  it("tab goes round the panels, shift+tab back", () => {
    expect(press(after(...busy), "tab", "tab", "tab").focus).toBe("events");
    expect(press(after(...busy), "tab", "tab", "tab", "tab", "shift+tab").focus).toBe("events");
  });

  it("j and k move the choice and stop at both ends", () => {
    const state = after(...busy);
    expect(press(state, "j", "j", "k").panels.routes.chosen).toBe(namesOf(state, "routes")[1]);
    expect(press(state, "k").panels.routes.chosen).toBe(namesOf(state, "routes")[0]);
    expect(press(state, "G").panels.routes.chosen).toBe(namesOf(state, "routes").at(-1));
  });

  it("the choice stays on its row when the order changes under it", () => {
    const chosen = press(after(...busy), "j");
    const before = chosen.panels.routes.chosen;
    expect(nextRow(press(chosen, "s"), "routes", 0)).toBe(before);
  });

  it("s sorts by the next column: figures from the largest, names from A", () => {
    const state = after(...busy);
    expect(namesOf(state, "routes")[0]).toBe("text.echo");
    expect(namesOf(press(state, "s"), "routes")[0]).toBe("Image.embed");
    expect(namesOf(press(state, "s", "s"), "routes")[0]).toBe("Image.slow");
  });

  it("p holds the picture while updates go on behind it", () => {
    const paused = press(after(...busy), "p");
    const later = reduce(paused, { type: "updated", update: update(2, { goneTargets: ["text.echo"] }), now: startedAt });
    expect(namesOf(later, "routes")).toContain("text.echo");
    expect(namesOf(press(later, "p"), "routes")).not.toContain("text.echo");
  });

  it("/ filters while it is written, in all panels; letters that are keys elsewhere are letters here", () => {
    const state = press(after(...busy), "/", "i", "m", "a", "g", "e", "-", "q", "backspace", "1");
    expect(state.filter).toBe("image-1");
    expect(namesOf(state, "workers")).toEqual(["image-1"]);
    expect(press(state, "enter", "escape").filter).toBe("");
  });

  it("d asks first; only y drains, and any other key takes the question back", () => {
    const asked = press(after(...busy), "tab", "tab", "d");
    expect(asked.asksToDrain).toBe("image-1");
    expect(commandOf(asked, "y")).toEqual({ type: "drain", worker: "image-1" });
    expect(press(asked, "n").asksToDrain).toBeUndefined();
    expect(press(asked, "q").asksToDrain).toBeUndefined();
  });

  it("d on a panel without workers says what to do", () => {
    expect(press(after(...busy), "d").notice?.text).toMatch(/choose one in the workers panel/);
  });

  it("enter opens the page of the row, esc closes it, and an answer for another page is dropped", () => {
    const open = press(after(...busy), "tab", "tab", "enter");
    expect(open.page).toMatchObject({ name: "worker", id: "image-1" });
    const late = reduce(open, { type: "explained", page: { name: "worker", id: "text-1", detail: undefined, error: "gone" } });
    expect(late.page).toMatchObject({ id: "image-1", error: undefined });
    expect(press(open, "escape").page).toBeUndefined();
  });

  it("a page scrolls with the keys of the rows, to its end and no further", () => {
    const help = press(after(...busy), "?", "end", "end");
    expect(press(help, "up").scroll).toBe(help.scroll - 1);
    expect(help.scroll).toBe(keyTable.length);
  });

  it("tab, enter, s and / are of the panels: while a page hides them nothing moves behind it", () => {
    const open = press(after(...busy), "tab", "tab", "enter");
    expect(press(open, "tab", "enter", "s", "/", "left")).toEqual(open);
    expect(press(open, "j", "escape")).toMatchObject({ page: undefined, focus: "workers" });
  });

  it("workers with a heartbeat stand before servers without, until another order is asked for", () => {
    const rows = [worker("a-server", { beats: -1 }), worker("z-worker"), worker("b-worker")];
    const state = after(update(0, { workers: rows }), update(1));
    expect(namesOf(state, "workers")).toEqual(["b-worker", "z-worker", "a-server"]);
  });

  it("every key of the table means something, and no key means two things", () => {
    const keys = keyTable.flatMap(({ keys }) => keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(commandOf(after(...busy), key)).toBeDefined();
  });

  it("ctrl+c leaves whatever is open", () => {
    expect(commandOf(press(after(...busy), "/", "a"), "ctrl+c")).toEqual({ type: "quit" });
    expect(commandOf(press(after(...busy), "tab", "tab", "d"), "ctrl+c")).toEqual({ type: "quit" });
  });
});
