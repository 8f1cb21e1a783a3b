import type { Client } from "unigate/client";
import { type AsyncJobStatus, type Explanation, GateError, type JobExplanation, type WorkerDetail } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withRunningGate } from "../calling/connection.ts";
import { explainJob, explainKeptJob } from "../explain/explain-job.ts";
import { explainTarget } from "../explain/explain-target.ts";
import { explainWorker } from "../explain/explain-worker.ts";

/** `gate explain`: why a target, a worker or a job stands as it does. */
export const explain: Command = defineCommand({
  name: "explain",
  summary: "Tells which route and workers a target gets, and why not the others; what a worker gets; where a job is and why it waits.",
  positionals: [
    {
      name: "what",
      description: "Service.method, the id of a worker, or that of a job (a reply's x-request-id)",
      isRequired: true,
      completes: "targets",
    },
  ],
  options: {
    ...gateOptions,
    version: { type: "string", description: "of a target: as if the caller sent this X-API-Version", value: "V" },
    ...jsonOption,
  },
  examples: ["gate explain counter.increment", "gate explain counter-1", "gate explain 5f0c…"],
  changesGate: () => false,
  run: (context) => withRunningGate(context, (client) => tell(client, context)),
});

async function tell(client: Client, { text, signal, output }: CommandContext): Promise<void> {
  const what = text("what") as string;
  const ask = async <T>(method: string, ...args: unknown[]): Promise<T> =>
    await client.call<T>(`Gate.${method}`, args, { timeout: "10s", signal });
  const explanationOf = (target: string, version?: string): Promise<Explanation> => ask("explain", target, version);

  const target = await explanationOf(what, text("version"));
  if (target.isKnown) return await explainTarget(client, output, target);
  const worker = await ifThere(ask<WorkerDetail>("worker", what));
  if (worker !== undefined) return await explainWorker(output, worker, explanationOf);
  const job = await ifThere(ask<JobExplanation>("explainJob", what));
  if (job !== undefined) return explainJob(output, job, await explanationOf(job.target, job.version ?? undefined));
  const kept = await ifThere(ask<AsyncJobStatus>("job", what));
  if (kept !== undefined) return explainKeptJob(output, kept);
  if (what.includes(".")) return await explainTarget(client, output, target);
  throw new GateError(
    "not_found",
    `${what} is neither a target nor a worker nor a job under way; \`gate list\` and \`gate workers\` show what is there, ` +
      "and the gate's log has a line for each job that failed",
  );
}

/** Undefined for what is not there, or not for this caller to see. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (GateError.is(error) && (error.code === "not_found" || error.code === "permission_denied" || error.code === "unauthenticated"))
      return undefined;
    throw error;
  }
}
