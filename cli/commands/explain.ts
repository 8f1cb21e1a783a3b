import type { Client } from "unigate/client";
import type { Explanation } from "unigate/transport";
import { type Command, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withClient } from "../connection.ts";
import { suggest } from "../suggest.ts";

/** `gate explain`: the match, the strategy, the candidates, and why the others are out. */
export const explain: Command = defineCommand({
  name: "explain",
  summary: "Tells which route a target gets, and which workers are candidates for it, and why the others are not.",
  positionals: [{ name: "target", description: "Service.method", isRequired: true, completes: "targets" }],
  options: {
    ...gateOptions,
    version: { type: "string", description: "as if the caller sent this X-API-Version", value: "V" },
    ...jsonOption,
  },
  examples: ["gate explain counter.increment"],
  changesGate: () => false,
  async run(context) {
    const args = [context.text("target"), context.text("version")];
    await withClient(context, async (client) => {
      const explanation = await client.call<Explanation>("Gate.explain", args, { timeout: "10s", signal: context.signal });
      context.output.table(["WHAT", "ANSWER"], rows(explanation), explanation);
      if (!explanation.isKnown) context.output.note(await nearest(client, explanation.target));
    });
  },
});

async function nearest(client: Client, target: string): Promise<string> {
  const targets = (await client.discover()).flatMap(({ methods }) => methods.map(({ name }) => name));
  return `no worker serves ${target}; ${suggest(target, targets, (closest) => closest, "`gate list` shows what is served")}`;
}

function rows(explanation: Explanation): unknown[][] {
  const { target, isKnown, patterns, route, strategy, queue, candidates } = explanation;
  const chosen = patterns.findIndex(({ isConfigured }) => isConfigured);
  return [
    ["target", `${target}${isKnown ? "" : " (unknown: no worker has served it)"}`],
    ...patterns.map(({ pattern, isConfigured }, at) => [
      `pattern ${pattern}`,
      !isConfigured ? "not configured" : at === chosen ? "matches, most specific" : "matches, but less specific",
    ]),
    ["route", chosen < 0 ? `${route} (built in)` : route],
    ["strategy", strategy],
    ["queue", `${queue.depth} of ${queue.bound} waiting`],
    ...candidates.map(({ id, isCandidate, reason }) => [`worker ${id}`, `${isCandidate ? "candidate" : "out"}: ${reason}`]),
  ];
}
