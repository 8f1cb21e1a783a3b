import type { Explanation, WorkerDetail } from "unigate/transport";
import type { Output } from "../output.ts";

/** Prints how a worker is, and for each of its methods the route, and whether it would get the next job. */
export async function explainWorker(
  output: Output,
  worker: WorkerDetail,
  explain: (target: string) => Promise<Explanation>,
): Promise<void> {
  const methods = await Promise.all(worker.methods.map(async (name) => standingOf(worker, await explain(name))));
  const { id, state, transport, address, missedBeats, version, inFlight, capacity, completed, failed, failures } = worker;
  const rows = [
    ["worker", id],
    ["reached over", `${transport}, ${address}`],
    ["state", missedBeats === 0 ? state : `${state}, ${missedBeats} heartbeats missed`],
    ["version", version ?? "(none)"],
    ["load", `${inFlight} of ${capacity} in flight`],
    ["so far", `${completed} completed, ${failed} failed`],
    ...methods.map(({ name, route, strategy, isCandidate, reason }) => [
      `method ${name}`,
      `route ${route}, ${strategy}; ${isCandidate ? "candidate" : "out"}: ${reason}`,
    ]),
    ...failures.map(({ agoMs, target, code, message }) => [`failed ${seconds(agoMs)} ago`, `${target}: ${code}: ${message}`]),
  ];
  output.table(["WHAT", "ANSWER"], rows, { ...worker, methods });
}

function standingOf(
  { id }: WorkerDetail,
  { target, route, strategy, candidates }: Explanation,
): {
  name: string;
  route: string;
  strategy: string;
  isCandidate: boolean;
  reason: string;
} {
  const { isCandidate = false, reason = "it has just left" } = candidates.find((candidate) => candidate.id === id) ?? {};
  return { name: target, route, strategy, isCandidate, reason };
}

/** A span of time as people read it. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
