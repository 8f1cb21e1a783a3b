import type { Client } from "unigate/client";
import type { Explanation } from "unigate/transport";
import type { Output } from "../output.ts";
import { suggest } from "../suggest.ts";

/** Prints the match of a target, the strategy, the candidates, and why the others are out. */
export async function explainTarget(client: Client, output: Output, explanation: Explanation): Promise<void> {
  const { target, isKnown, patterns, route, strategy, queue } = explanation;
  const chosen = patterns.findIndex(({ isConfigured }) => isConfigured);
  const rows = [
    ["target", `${target}${isKnown ? "" : " (unknown: no worker has served it)"}`],
    ...patterns.map(({ pattern, isConfigured }, at) => [
      `pattern ${pattern}`,
      !isConfigured ? "not configured" : at === chosen ? "matches, most specific" : "matches, but less specific",
    ]),
    ["route", chosen < 0 ? `${route} (built in)` : route],
    ["strategy", strategy],
    ["queue", `${queue.depth} of ${queue.bound} waiting`],
    ...candidateRows(explanation),
  ];
  output.table(["WHAT", "ANSWER"], rows, explanation);
  if (!isKnown) output.note(await nearest(client, target));
}

/** A row for each worker: whether it is in the running, and why not. */
export function candidateRows({ candidates }: Explanation): string[][] {
  return candidates.map(({ id, isCandidate, reason }) => [`worker ${id}`, `${isCandidate ? "candidate" : "out"}: ${reason}`]);
}

async function nearest(client: Client, target: string): Promise<string> {
  const targets = (await client.discover()).flatMap(({ methods }) => methods.map(({ name }) => name));
  return `no worker serves ${target}; ${suggest(target, targets, (closest) => closest, "`gate list` shows what is served")}`;
}
