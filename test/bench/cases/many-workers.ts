import { askRound, startScript, stopAll } from "../process.ts";
import { figure, type Section, verdict } from "../report.ts";
import { spreadOf } from "../statistics.ts";
import { type Plan, startGate, startGateClient } from "./stacks.ts";

/** What a call costs beside a thousand registered workers of ten methods, against what it costs with one. */
export async function measureManyWorkers({ rounds, seconds }: Plan): Promise<Section[]> {
  // Two gates, so that rounds can take turns: one with the echo worker alone, one with a thousand more.
  const alone = await startGateClient(await startGate());
  const crowded = await startGate();
  await startScript("contenders/gate/many-workers.ts", { ...crowded.ports, WORKERS: 1000 });
  const beside = await startGateClient(crowded);
  const [few, many]: [number[], number[]] = [[], []];
  for (let turn = -1; turn < rounds; turn++) {
    const one = await askRound(alone, { inFlight: 256, seconds });
    const other = await askRound(beside, { inFlight: 256, seconds });
    if (turn < 0) continue;
    few.push(one.callsPerSecond);
    many.push(other.callsPerSecond);
  }
  await stopAll();
  const ratio = spreadOf(few).median / spreadOf(many).median;
  return [
    {
      title: "A thousand workers of ten methods each",
      note: "Echo at 256 in flight through a gate with one worker, and through one with a thousand more registered, each on a link of its own with its heartbeats.",
      headings: ["workers", "calls per second", "cost", "target"],
      rows: [
        ["1", figure(spreadOf(few).median), "1.00", ""],
        ["1 001", figure(spreadOf(many).median), figure(ratio, 2), verdict(ratio <= 1.3, "≤ 1.3")],
      ],
    },
  ];
}
