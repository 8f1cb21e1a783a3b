import type { ChildProcess } from "node:child_process";
import { askRound, startScript } from "../process.ts";
import { figure, type Section, verdict } from "../report.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { moleculerOver, type Plan, startGate, startGateClient, startRaw } from "./stacks.ts";

const loads = [1, 256, 2048];

/** A 16-byte echo through three processes at 1, 256 and 2048 calls in flight. */
export async function measureEcho(plan: Plan): Promise<Section[]> {
  const clients = new Map<string, ChildProcess>();
  clients.set("Gate over ZeroMQ", await startGateClient(await startGate()));
  clients.set("raw zeromq.js broker, one message per call", await startRaw());
  const skipped: string[] = [];
  for (const transporter of ["TCP", "NATS"] as const) {
    const env = await moleculerOver(transporter);
    if (env === undefined) {
      skipped.push("Moleculer over NATS was skipped: nats-server is not installed.");
      continue;
    }
    await startScript("contenders/moleculer/worker.ts", env);
    clients.set(
      transporter === "TCP" ? "Moleculer over TCP (two processes, no broker)" : "Moleculer over NATS",
      await startScript("contenders/moleculer/client.ts", env),
    );
  }
  const measured = await takeTurns(clients, plan);
  const names = [...clients.keys()];
  const at = (name: string, load: number): number => measured.get(`${name} ${load}`)?.median ?? 0;
  const [gate = "", raw = ""] = names;
  const best = (load: number): number => Math.max(...names.filter((name) => name.startsWith("Moleculer")).map((name) => at(name, load)));
  const peers = at(gate, 256) / best(256);
  const single = at(gate, 1) / at(raw, 1);
  return [
    {
      title: "Echo of 16 bytes, calls per second",
      note: `Client, broker and worker are a process each. Gate is its real SDK and commands: msgpack arguments, deadlines, routing, credit. ${skipped.join(" ")}`,
      headings: ["", ...loads.map((load) => `${load} in flight`), ...loads.map((load) => `Gate is × at ${load}`)],
      rows: names.map((name) => [
        name,
        ...loads.map((load) => cell(measured.get(`${name} ${load}`))),
        ...loads.map((load) => (name === gate ? "" : figure(at(gate, load) / at(name, load), 2))),
      ]),
    },
    {
      title: "Targets of the echo",
      note: "Ratios of medians of this run.",
      headings: ["what", "ratio", "target"],
      rows: [
        ["Gate ÷ Moleculer's best transport, 256 in flight", figure(peers, 2), verdict(peers >= 3, "≥ 3")],
        ["Gate ÷ raw zeromq.js broker, 1 in flight", figure(single, 2), verdict(single >= 0.85, "≥ 0.85")],
      ],
    },
  ];
}

async function takeTurns(clients: ReadonlyMap<string, ChildProcess>, { rounds, seconds }: Plan): Promise<Map<string, Spread>> {
  const figures = new Map<string, number[]>();
  for (const load of loads) {
    for (const client of clients.values()) await askRound(client, { inFlight: load, seconds: seconds / 2 });
    for (let turn = 0; turn < rounds; turn++) {
      for (const [name, client] of clients) {
        const { callsPerSecond } = await askRound(client, { inFlight: load, seconds });
        figures.set(`${name} ${load}`, [...(figures.get(`${name} ${load}`) ?? []), callsPerSecond]);
      }
    }
  }
  return new Map([...figures].map(([key, values]) => [key, spreadOf(values)]));
}

function cell(spread: Spread | undefined): string {
  return spread === undefined ? "" : `${figure(spread.median)} (${figure(spread.least)}–${figure(spread.most)})`;
}
