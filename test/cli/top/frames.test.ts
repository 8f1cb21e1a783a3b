import { afterAll, beforeAll, expect, it } from "vitest";
import { frameText } from "../../../cli/top/print-frame.tsx";
import { widthOf } from "../../../cli/top/text-width.ts";
import type { Page } from "../../../cli/top/state.ts";
import { draw } from "./draw.tsx";
import { after, busy, keeping, target, startedAt, update, worker } from "./pictures.ts";

const zone = process.env["TZ"];
beforeAll(() => void (process.env["TZ"] = "UTC"));
afterAll(() => void (zone === undefined ? delete process.env["TZ"] : (process.env["TZ"] = zone)));

const small = { columns: 80, rows: 24 };
const large = { columns: 120, rows: 40 };
const deadLetters: Page = {
  name: "kept jobs",
  error: undefined,
  // The latest of those that the counts tell of.
  dead: [
    {
      id: "5f0c8a1e5f0c8a1e5f0c8a1e5f0c8a1e",
      target: "mail.send",
      state: "dead",
      attempts: 5,
      maxAttempts: 5,
      submittedAt: new Date(startedAt - 60_000).toISOString(),
      endedAt: new Date(startedAt - 10_000).toISOString(),
      error: { code: "unavailable", message: "mailbox is full", retryable: true },
    },
  ],
};
const shopPool: Page = {
  name: "pool",
  pool: "shop.*",
  error: undefined,
  status: {
    name: "shop.*",
    transport: "grpc",
    size: 100,
    limit: 500,
    waiting: 3,
    servers: [
      { address: "10.0.0.4:50051", state: "ready", connections: 2, calls: 80, capacity: 100 },
      { address: "shop-b.internal:50051", state: "down", connections: 0, calls: 0, capacity: 100 },
    ],
    tenants: [
      { name: "acme", calls: 60, reserved: 20 },
      { name: "zenith", calls: 20, reserved: 0 },
    ],
  },
};
const toWorkers = [{ type: "focused", by: 2 }] as const;

it.each([
  ["a busy gate", [], "busy"],
  ["the page of a worker", [...toWorkers, { type: "opened" }], "worker"],
  ["the page of a route", [{ type: "opened" }], "route"],
  ["the help", [{ type: "asked for help" }], "help"],
  ["the question before a drain", [...toWorkers, { type: "asked to drain" }], "drain"],
  ["a filter being written", [{ type: "began to filter" }, { type: "filtered", text: "image" }], "filter"],
  [
    "a gate that is away",
    [{ type: "lost", reason: "the link to tcp://127.0.0.1:5555 was lost", now: Date.UTC(2026, 10, 21, 12, 0, 9) }],
    "lost",
  ],
] as const)("draws %s at 80×24 and at 120×40", async (_, actions, name) => {
  const state = after(...busy, ...actions);
  await expect(draw(state, small)).toMatchFileSnapshot(`frames/${name}-80x24.txt`);
  await expect(draw(state, large)).toMatchFileSnapshot(`frames/${name}-120x40.txt`);
});

it.each([
  ["a gate with pools and kept jobs", [], "keeping"],
  ["the page of the kept jobs", [{ type: "focused", by: 1 }, { type: "opened" }, { type: "explained", page: deadLetters }], "kept-jobs"],
  ["the page of a pool", [{ type: "focused", by: 3 }, { type: "opened" }, { type: "explained", page: shopPool }], "pool"],
] as const)("draws %s at 80×24 and at 120×40", async (_, actions, name) => {
  const state = after(...keeping, ...actions);
  await expect(draw(state, small)).toMatchFileSnapshot(`frames/${name}-80x24.txt`);
  await expect(draw(state, large)).toMatchFileSnapshot(`frames/${name}-120x40.txt`);
});

it("fills every size from 60×15 to 250×70 exactly: no line too long, none too many", () => {
  for (const state of [after(...busy), after(...keeping)]) {
    for (const [columns, rows] of [
      [60, 15],
      [61, 16],
      [79, 22],
      [80, 24],
      [100, 21],
      [169, 30],
      [170, 30],
      [250, 70],
    ] as const) {
      const lines = draw(state, { columns, rows }).trimEnd().split("\n");
      expect(lines).toHaveLength(rows);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  }
});

it("shows every panel at 60×15", () => {
  const frame = draw(after(...busy), { columns: 60, rows: 15 });
  for (const name of ["routes 4", "queues 1", "workers 3", "events 3"]) expect(frame).toContain(name);
  const full = draw(after(...keeping), { columns: 60, rows: 15 });
  for (const name of ["routes 4", "queues 2", "workers 3", "pools 2", "events 3"]) expect(full).toContain(name);
});

it("tells a gate without workers how to get one", () => {
  expect(draw(after(update(0)), small)).toContain("no worker has joined yet; add one: gate worker ./handlers.ts");
});

it("keeps its columns in line under names that are wide, long, or would move the cursor", () => {
  const names = ["日本語の仕事.翻訳する", "a".repeat(200), "evil\u001b[2J\u0007name.m"];
  const frame = draw(after(update(0, { targets: names.map((name) => target(name)), workers: names.map((id) => worker(id)) })), small);
  expect([frame.includes("\u001b"), frame.includes("\u0007")]).toEqual([false, false]);
  for (const line of frame.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(80);
});

it("shows names of twenty letters whole at 80×24, if with a figure less", () => {
  const ids = ["10.20.30.140:50051", "10.20.30.141:50051"];
  const frame = draw(after(update(0, { workers: ids.map((id) => worker(id)) })), small);
  for (const id of ids) expect(frame).toContain(id);
});

it("scrolls to the chosen row of a thousand", () => {
  const many = Array.from({ length: 1000 }, (_, at) => worker(`worker-${String(at).padStart(4, "0")}`));
  const state = after(update(0, { workers: many }), ...toWorkers, { type: "moved", by: 1_000_000 });
  expect(draw(state, small)).toContain("❯ worker-0999");
});

it("prints a frame for --once without keys that nobody can press", () => {
  const text = frameText(after(...busy), large);
  expect(text).toContain("Image.embed");
  expect(text).not.toContain("quit");
  expect(text).toMatch(/[^\n]\n$/);
});
