import { startBullMq } from "../contenders/bullmq/stack.ts";
import { startGateOverRedis } from "../contenders/gate/stack.ts";
import { startMoleculer } from "../contenders/moleculer/stack.ts";
import { startRedis } from "../contenders/redis/server.ts";
import { startStreams } from "../contenders/redis/stack.ts";
import type { Program } from "../process.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { askRound, type Measured, type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, type Spread, spreadOf } from "../statistics.ts";
import { targets, verdict } from "../targets.ts";

const loads = [1, 32, 256] as const;
const title = "Echo of 16 bytes over one Redis, calls per second";
const gate = "Gate over Redis";
const streams = "bare loop over streams, ioredis";
const moleculer = "Moleculer over Redis";
const bullmq = "BullMQ, waitUntilFinished";

/** A 16-byte echo from a client to a worker over one redis-server at 1, 32 and 256 calls in flight. */
export async function measureRedis(plan: Plan): Promise<Section[]> {
  const port = await startRedis();
  if (port === undefined) return [{ title, note: "Skipped: redis-server is not installed.", headings: [], rows: [], remarks: [] }];
  const clients = new Map<string, Program>([
    [gate, await startGateOverRedis(port)],
    [streams, await startStreams(port)],
    [moleculer, await startMoleculer({ REDIS_PORT: port })],
    [bullmq, await startBullMq(port)],
  ]);
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
  const calls = at(gate, 256)?.median;

  return [
    {
      title,
      note:
        "Client and worker are a process each, and no gate runs beside them. Gate, the bare loop and BullMQ acknowledge each job; Moleculer " +
        "publishes and forgets. The bare loop has neither routing nor deadlines, cancellation, streams or a second delivery.",
      headings: ["", ...loads.map((load) => `${load} in flight`), ...loads.map((load) => `Gate is × at ${load}`)],
      rows: [...clients.keys()].map((name) => [
        name,
        ...loads.map((load) => range(at(name, load))),
        ...loads.map((load) => (name === gate ? "" : figure(over(name, load), 2))),
      ]),
      remarks: loads.flatMap((load) => remarksOn(measured.get(load) ?? new Map(), ` at ${load} in flight`)),
    },
    {
      title: "Targets of the echo over Redis",
      note: "One of the first two is enough.",
      headings: ["what", "figure", "target"],
      rows: [
        ["Gate, 256 in flight, calls per second", figure(calls, 0), verdict(calls, targets.redisCalls)],
        [`Gate ÷ ${streams}, 256 in flight`, figure(over(streams, 256), 2), verdict(over(streams, 256), targets.overStreams)],
        [`Gate ÷ ${bullmq}, 1 in flight`, figure(over(bullmq, 1), 2), verdict(over(bullmq, 1), targets.overBullMqAtOne)],
        [`Gate ÷ ${bullmq}, 32 in flight`, figure(over(bullmq, 32), 2), verdict(over(bullmq, 32), targets.overBullMqAt32)],
        [`Gate ÷ ${moleculer}, 256 in flight`, figure(over(moleculer, 256), 2), verdict(over(moleculer, 256), targets.overMoleculerRedis)],
      ],
    },
  ];
}
