import { expect, test } from "vitest";
import { ChangedRows } from "../../../src/gate/changed-rows.ts";

interface Row {
  name: string;
  size: number;
  state: string;
}

function reader(): { rows: Row[]; changes: ChangedRows<Row, Row, "name"> } {
  const rows: Row[] = [];
  const columns = { name: ({ name }: Row) => name, size: ({ size }: Row) => size, state: ({ state }: Row) => state };
  return { rows, changes: new ChangedRows<Row, Row, "name">({ key: "name", columns, sources: () => rows }) };
}

test("a row is told whole at first, then by the fields that changed, and not at all while none has", () => {
  const { rows, changes } = reader();
  rows.push({ name: "a", size: 1, state: "up" }, { name: "b", size: 1, state: "up" });
  expect(changes.take()).toEqual({ changed: [...rows], gone: [] });
  rows[0] = { name: "a", size: 2, state: "up" };
  expect(changes.take()).toEqual({ changed: [{ name: "a", size: 2 }], gone: [] });
  expect(changes.take()).toEqual({ changed: [], gone: [] });
});

test("a row that is no more is named once; one that comes back is told whole", () => {
  const { rows, changes } = reader();
  rows.push({ name: "a", size: 1, state: "up" }, { name: "b", size: 1, state: "up" });
  changes.take();
  const [gone] = rows.splice(0, 1);
  expect(changes.take()).toEqual({ changed: [], gone: ["a"] });
  expect(changes.take()).toEqual({ changed: [], gone: [] });
  rows.push(gone!);
  expect(changes.take()).toEqual({ changed: [gone], gone: [] });
});

test("a row that takes the place of another in the same look is told, and the other named", () => {
  const { rows, changes } = reader();
  rows.push({ name: "a", size: 1, state: "up" });
  changes.take();
  rows[0] = { name: "b", size: 1, state: "up" };
  expect(changes.take()).toEqual({ changed: [{ name: "b", size: 1, state: "up" }], gone: ["a"] });
});

test("what was told of a row does not change with it", () => {
  const { rows, changes } = reader();
  rows.push({ name: "a", size: 1, state: "up" });
  const [told] = changes.take().changed;
  rows[0]!.size = 2;
  changes.take();
  expect(told).toEqual({ name: "a", size: 1, state: "up" });
});
