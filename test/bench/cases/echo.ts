import { startGateClient, startGateWithWorker } from "../contenders/gate/stack.ts";
import { startMoleculer, wireNats, wireTcp } from "../contenders/moleculer/stack.ts";
import { startRaw } from "../contenders/raw/stack.ts";
import type { Program } from "../process.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { askRound, type Measured, type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, type Spread, spreadOf } from "../statistics.ts";
import { targets, verdict } from "../targets.ts";

const loads = [1, 256, 2048] as const;
const gate = "Gate over ZeroMQ";
const webSocket = "Gate over WebSocket links";
const raw = "raw zeromq.js broker, one message per call";
const tcp = "Moleculer over TCP (two processes, no broker)";
const nats = "Moleculer over NATS";

/** A 16-byte echo through three processes at 1, 256 and 2048 calls in flight. */
export async function measureEcho(plan: Plan): Promise<Section[]> {
  const clients = new Map<string, Program>([
    [gate, await startGateClient(await startGateWithWorker())],
    [webSocket, await startGateClient(await startGateWithWorker("ws"), "ws")],
    [raw, await startRaw()],
    [tcp, await startMoleculer(await wireTcp())],
  ]);
  const wiring = await wireNats();
  if (wiring !== undefined) clients.set(nats, await startMoleculer(wiring));
  const skipped = wiring === undefined ? [`${nats} was skipped: nats-server is not installed.`] : [];

  const measured = new Map<number, Map<string, Measured>>();
  for (const inFlight of loads) {
    const contenders = [...clients].map(([name, client]) => ({
      name,
      round: (seconds: number) => askRound(client, { inFlight, seconds }),
    }));
    measured.set(inFlight, await takeTurns(contenders, plan));
  }
  const at = (name: string, inFlight: number): Spread | undefined => spreadOf(measured.get(inFlight)?.get(name)?.valid ?? []);
  const over = (name: string, inFlight: number): number | undefined => ratioOf(at(gate, inFlight), at(name, inFlight));
  const linkRatio = ratioOf(at(webSocket, 256), at(gate, 256));
  const best = (at(nats, 256)?.median ?? 0) > (at(tcp, 256)?.median ?? 0) ? nats : tcp;

  return [
    {
      title: "Echo of 16 bytes, calls per second",
      note:
        "Client, broker and worker are a process each; every client is the same closed loop, and every answer is checked. Gate is its real SDK and " +
        "commands: msgpack arguments, deadlines, routing, credit. Moleculer carries the bytes as text in JSON, which is the fastest way it has.",
      headings: ["", ...loads.map((load) => `${load} in flight`), ...loads.map((load) => `Gate is × at ${load}`)],
      rows: [...clients.keys()].map((name) => [
        name,
        ...loads.map((load) => range(at(name, load))),
        ...loads.map((load) => (name === gate ? "" : figure(over(name, load), 2))),
      ]),
      remarks: [...skipped, ...loads.flatMap((load) => remarksOn(measured.get(load) ?? new Map(), ` at ${load} in flight`))],
    },
    {
      title: "Targets of the echo",
      note: "Ratios of medians of this run.",
      headings: ["what", "ratio", "target"],
      rows: [
        [`Gate ÷ ${best}, Moleculer's best, 256 in flight`, figure(over(best, 256), 2), verdict(over(best, 256), targets.overMoleculer)],
        [`${webSocket} ÷ over ZeroMQ, 256 in flight`, figure(linkRatio, 2), verdict(linkRatio, targets.overZeroMq)],
        [`Gate ÷ ${raw}, 1 in flight`, figure(over(raw, 1), 2), verdict(over(raw, 1), targets.overRawAtOne)],
      ],
    },
  ];
}
