import { type Client, GateError } from "unigate/client";
import { applyLoad, type Load } from "../bench/load.ts";
import { progressOf, reportOf, resultOf } from "../bench/report.ts";
import { createTally, type Tally } from "../bench/tally.ts";
import { callArguments, callOptions, durationOf } from "../calling/call-arguments.ts";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withClient } from "../calling/connection.ts";
import { startProgress } from "../bench/progress.ts";
import { exitCodes } from "../report-error.ts";

/** Codes of a first call after which there is nothing to measure. */
const hopeless: ReadonlySet<string> = new Set(["not_found", "unimplemented", "unauthenticated", "permission_denied", "unavailable"]);

/** `gate bench`: many calls of one target, and how long they took. */
export const bench: Command = defineCommand({
  name: "bench",
  summary: "Calls Service.method over and over, and tells how many calls came through, how fast, and what failed.",
  positionals: [
    { name: "target", description: "Service.method", isRequired: true, completes: "targets" },
    { name: "arg", description: "JSON, or plain text when it is not; what follows -- is never an option", isMany: true },
  ],
  options: {
    concurrency: { type: "number", alias: "c", description: "calls under way at any time; default 64", value: "N" },
    duration: { type: "string", alias: "d", description: "how long; default 10s", value: "TIME" },
    ...callOptions,
    ...gateOptions,
    ...jsonOption,
  },
  examples: ["gate bench counter.increment visitors -c 256 -d 10s", "gate bench text.echo hello --json | jq .latency.percentiles"],
  changesGate: () => true,
  async run(context) {
    const load: Load = {
      ...(await callArguments(context)),
      target: context.text("target") as string,
      concurrency: context.number("concurrency") ?? 64,
      durationMs: durationOf("duration", context.text("duration") ?? "10s"),
      signal: context.signal,
    };
    await withClient(context, (client) => measure(context, client, load));
  },
});

async function measure(context: CommandContext, client: Client, load: Load): Promise<void> {
  await tryOnce(client, load);
  const tally = createTally();
  const end = await underProgress(tally, load.durationMs, () => applyLoad(client, load, tally));
  const gate = context.gate().url;
  const result = resultOf({ target: load.target, gate, concurrency: load.concurrency }, tally, end);
  context.output.report(reportOf(result, tally.messages), result);
  if (load.signal.aborted) process.exitCode = exitCodes.interrupted;
  else if (result.succeeded === 0) process.exitCode = exitCodes.failed;
}

/** The first call finds out whether there is something to measure, and warms up the way. */
async function tryOnce(client: Client, { target, args, metadata, timeout, signal }: Load): Promise<void> {
  try {
    for await (const _ of client.call(target, args, { metadata, timeout, signal })) break;
  } catch (error) {
    signal.throwIfAborted();
    const failure = GateError.from(error);
    if (hopeless.has(failure.code)) throw failure;
  }
}

async function underProgress<Result>(tally: Tally, durationMs: number, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const stop = startProgress(() => progressOf(tally, performance.now() - startedAt, durationMs));
  try {
    return await work();
  } finally {
    stop();
  }
}
