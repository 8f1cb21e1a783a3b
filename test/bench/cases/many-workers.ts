import { setTimeout as sleep } from "node:timers/promises";
import { type GateStack, startGateClient, startGateWithWorker } from "../contenders/gate/stack.ts";
import { cpuSeconds, hasProc } from "../proc.ts";
import { startScript } from "../process.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { askRound, type Contender, type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, spreadOf } from "../statistics.ts";
import { targets, verdict } from "../targets.ts";

const crowd = 1000;
const one = "1";
const many = figure(crowd + 1);

/**
 * What a call costs beside a thousand registered workers of ten methods, against what it costs with one.
 *
 * One gate in three stretches: alone, in the crowd, alone again. The crowd's heartbeats use the same machine: a gate that is measured
 * alone while a crowd idles beside it would look slower than it is, and the crowd cheaper than it is. Being alone both before and
 * after takes out a machine that drifts.
 */
export async function measureManyWorkers(plan: Plan): Promise<Section[]> {
  const stack = await startGateWithWorker();
  const client = await startGateClient(stack);
  const cpu = new Map<string, number[]>([
    [one, []],
    [many, []],
  ]);
  const echo = (name: string): Contender => ({
    name,
    async round(seconds) {
      const before = gateSeconds(stack);
      const round = await askRound(client, { inFlight: 256, seconds });
      // Rounds that only warm up are shorter: they do not count.
      if (round.errors === 0 && seconds === plan.seconds) {
        cpu.get(name)?.push(((gateSeconds(stack) - before) * 1e6) / (round.perSecond * seconds));
      }
      return round;
    },
  });

  // A gate that is still being compiled would make its first stretch, the one alone, look slow.
  await askRound(client, { inFlight: 256, seconds: 2 * plan.seconds });
  const half = { ...plan, rounds: Math.ceil(plan.rounds / 2) };
  const before = await takeTurns([echo(one)], half);
  const workers = await startScript("contenders/gate/many-workers.ts", { ...stack.ports, WORKERS: crowd });
  await awaitWorkers(stack, crowd + 1);
  const measured = await takeTurns([echo(many)], plan);
  // All of them must still be there, or a gate that lost them would look cheap.
  await awaitWorkers(stack, crowd + 1, 1);
  await workers.stop();
  await awaitWorkers(stack, 1);
  const after = await takeTurns([echo(one)], half);
  measured.set(one, {
    valid: [before, after].flatMap((stretch) => stretch.get(one)?.valid ?? []),
    errors: [before, after].flatMap((stretch) => stretch.get(one)?.errors ?? []),
  });

  const spread = (name: string): ReturnType<typeof spreadOf> => spreadOf(measured.get(name)?.valid ?? []);
  const cost = ratioOf(spread(one), spread(many));
  const micros = (name: string): string => (hasProc ? figure(spreadOf(cpu.get(name) ?? [])?.median, 2) : "–");
  return [
    {
      title: "A thousand workers of ten methods each",
      note:
        "Echo at 256 in flight through one gate: with one worker, with a thousand more registered (each on a link of its own, with its " +
        "heartbeats), and with one again.",
      headings: ["workers", "calls per second", "processor µs of the gate per call", "cost", "target"],
      rows: [
        [one, range(spread(one)), micros(one), "1.00", ""],
        [many, range(spread(many)), micros(many), figure(cost, 2), verdict(cost, targets.crowdCost)],
      ],
      remarks: remarksOn(measured, " workers"),
    },
  ];
}

/** Resolves once the gate itself says how many workers it has. */
async function awaitWorkers({ ports }: GateStack, count: number, attempts = 300): Promise<void> {
  let seen = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    seen = ((await (await fetch(`http://127.0.0.1:${ports.HTTP_PORT}/workers`)).json()) as { state: string }[]).filter(
      ({ state }) => state === "ready",
    ).length;
    if (seen === count) return;
    await sleep(100);
  }
  throw new Error(`the gate has ${seen} ready workers instead of ${count}`);
}

function gateSeconds({ gate }: GateStack): number {
  return hasProc ? cpuSeconds(gate.pid) : 0;
}
