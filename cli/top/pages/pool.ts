import type { PoolStatus } from "unigate/transport";
import { count } from "../figures.ts";
import { gauge } from "../panels/cells.ts";
import { stateTones } from "../panels/workers.ts";
import { shownLive } from "../shown-live.ts";
import type { Page, State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { fit, printable, widthOf } from "../text-width.ts";
import { fact, heading } from "./facts.ts";

/** Columns for an address, at most, and for a gauge with its figures. */
const longestAddress = 40;
const gaugeWidth = 24;

/** One pool of servers: how full it is, each of its servers, and whose calls it runs. */
export function poolLines(page: Extract<Page, { name: "pool" }>, state: State): Piece[][] {
  const row = shownLive(state).pools.get(page.pool);
  if (row === undefined) return [heading("pool", page.pool), [{ text: "  it is no more", tone: "warning" }]];
  const { transport, servers, ready, calls, capacity, waiting, connections } = row;
  return [
    heading("pool", page.pool),
    fact("door", { text: transport }),
    fact("servers", { text: `${count(ready)} up`, tone: ready < servers ? "warning" : "good" }, { text: ` of ${count(servers)}` }),
    fact("in flight", ...gauge(capacity === 0 ? 0 : calls / capacity, `${count(calls)}/${count(capacity)}`, 30)),
    fact("waiting", { text: `${count(waiting)} for a place`, tone: waiting > 0 ? "warning" : "quiet" }),
    fact("connected", { text: `${count(connections)} connections` }),
    ...statusLines(page),
  ];
}

function statusLines({ status, error }: Extract<Page, { name: "pool" }>): Piece[][] {
  if (error !== undefined) return [[], [{ text: `  ${printable(error)}`, tone: "bad" }]];
  if (status === undefined) return [];
  const { size, limit, servers, tenants } = status;
  const more = limit > size ? `, up to ${count(limit)} while all are full` : "";
  return [
    fact("size", { text: `${count(size)} calls at once on each server${more}` }),
    [],
    heading("servers", String(servers.length)),
    ...serverLines(servers),
    ...(tenants === undefined ? [] : [[], heading("tenants", String(tenants.length)), ...tenantLines(tenants)]),
  ];
}

function serverLines(servers: PoolStatus["servers"]): Piece[][] {
  const width = longest(servers.map(({ address }) => address));
  return servers.map(({ address, state, calls, capacity, connections }) => [
    { text: state === "ready" ? "  ● " : "  ○ ", tone: stateTones[state] },
    { text: `${fit(address, width)}  ` },
    { text: fit(state, 8), tone: stateTones[state] },
    ...padded(gauge(capacity === 0 ? 0 : calls / capacity, `${count(calls)}/${count(capacity)}`, gaugeWidth), gaugeWidth),
    { text: `  ${connections === 1 ? "1 connection" : `${count(connections)} connections`}`, tone: "quiet" },
  ]);
}

function tenantLines(tenants: NonNullable<PoolStatus["tenants"]>): Piece[][] {
  const width = longest(tenants.map(({ name }) => name));
  return tenants.map(({ name, calls, reserved }) => [
    { text: `  ${fit(name, width)}  ` },
    { text: `${count(calls).padStart(5)} running`, tone: calls > 0 ? "plain" : "quiet" },
    { text: `  ${count(reserved).padStart(5)} reserved`, tone: "quiet" },
  ]);
}

function longest(texts: readonly string[]): number {
  return Math.min(longestAddress, Math.max(0, ...texts.map(widthOf)));
}

function padded(pieces: readonly Piece[], width: number): Piece[] {
  const used = pieces.reduce((sum, { text }) => sum + widthOf(text), 0);
  return [...pieces, { text: " ".repeat(Math.max(0, width - used)) }];
}
