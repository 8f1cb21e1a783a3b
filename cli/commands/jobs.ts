import type { Client } from "unigate/client";
import type { AsyncJobState, AsyncJobStatus } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withRunningGate } from "../calling/connection.ts";
import { UserError } from "../user-error.ts";

/** Most jobs that the gate lists in one answer. */
const pageSize = 1000;

/** What a job can be told to do, by the method that does it. */
const steps: Readonly<Record<string, (client: Client, id: string) => Promise<AsyncJobStatus>>> = {
  retry: async (client, id) => await client.call<AsyncJobStatus>("Gate.retryJob", [id]),
  cancel: async (client, id) => await client.call<AsyncJobStatus>("Gate.cancelJob", [id]),
  replay: async (client, id) => (await client.call<AsyncJobStatus[]>("Gate.replayJobs", [[id]]))[0] as AsyncJobStatus,
};

/** `gate jobs`: the jobs that the gate keeps, what came of them, and what shall become of them. */
export const jobs: Command = defineCommand({
  name: "jobs",
  summary: "Shows the jobs that the gate keeps for callers who do not wait; shows one, tries it again, cancels it, or sends it once more.",
  positionals: [
    {
      name: "action",
      description: "list, dead (those that failed for good), show, retry (a dead or cancelled one), cancel, replay (as a new job)",
      isRequired: true,
      choices: ["list", "dead", "show", ...Object.keys(steps)],
    },
    { name: "id", description: "of a job, as `gate call --async` and `gate jobs list` tell it", isMany: true },
  ],
  options: {
    state: { type: "string", description: "only waiting, running, completed, dead or cancelled ones", value: "STATE" },
    target: { type: "string", description: "only those of Service.method", value: "TARGET", completes: "targets" },
    limit: { type: "number", description: "the latest N of them; default 100 to list, else all", value: "N" },
    ...gateOptions,
    ...jsonOption,
  },
  examples: [
    "gate jobs list --state waiting",
    "gate jobs show 5f0c…",
    "gate jobs dead --target mail.send",
    "gate jobs retry --state dead --target mail.send",
    "gate jobs replay 5f0c…",
  ],
  changesGate: ({ text }) => Object.hasOwn(steps, text("action") ?? ""),
  async run(context) {
    const action = context.text("action") as string;
    const step = steps[action];
    await withRunningGate(context, async (client) => {
      if (action === "show") await show(client, context);
      else if (step !== undefined) await act(client, context, step);
      else await list(client, context, action === "dead" ? "dead" : context.text("state"));
    });
  },
});

async function list(client: Client, context: CommandContext, state: string | undefined): Promise<void> {
  const { output } = context;
  const found = await jobsOf(client, context, state, context.number("limit") ?? 100);
  print(context, found);
  if (output.isTerminal && found.length === 0) output.note("no such job is kept; `gate call --async` submits one");
}

async function show(client: Client, context: CommandContext): Promise<void> {
  const ids = context.texts("id");
  if (ids.length === 0) throw new UserError("gate jobs show wants the id of a job", "`gate jobs list` shows them");
  for (const id of ids) context.output.result(await client.call("Gate.job", [id], { signal: context.signal }));
}

/** Takes the oldest first, which is the order in which they came. */
async function act(client: Client, context: CommandContext, step: (client: Client, id: string) => Promise<AsyncJobStatus>): Promise<void> {
  const ids = await chosen(client, context);
  const done: AsyncJobStatus[] = [];
  for (const id of ids) done.push(await step(client, id));
  print(context, done);
}

async function chosen(client: Client, context: CommandContext): Promise<string[]> {
  const ids = context.texts("id");
  const [state, target] = [context.text("state"), context.text("target")];
  if (ids.length > 0) return ids;
  if (state === undefined && target === undefined)
    throw new UserError("no job was named", "write the ids, or choose by --state and --target; `gate jobs list` shows what that chooses");
  const found = await jobsOf(client, context, state, context.number("limit") ?? Infinity);
  return found.map(({ id }) => id).toReversed();
}

async function jobsOf(client: Client, context: CommandContext, state: string | undefined, limit: number): Promise<AsyncJobStatus[]> {
  const target = context.text("target");
  const found: AsyncJobStatus[] = [];
  while (found.length < limit) {
    const size = Math.min(pageSize, limit - found.length);
    const query = {
      limit: size,
      ...(state === undefined ? {} : { state }),
      ...(target === undefined ? {} : { target }),
      ...(found.length === 0 ? {} : { after: found.at(-1)?.id }),
    };
    const page = await client.call<{ counts: Record<AsyncJobState, number>; jobs: AsyncJobStatus[] }>("Gate.jobs", [query], {
      timeout: "10s",
      signal: context.signal,
    });
    found.push(...page.jobs);
    if (page.jobs.length < size) break;
  }
  return found;
}

function print({ output }: CommandContext, all: readonly AsyncJobStatus[]): void {
  const rows = all.map(({ id, target, state, attempts, maxAttempts, submittedAt, error }) => [
    id,
    target,
    state,
    `${attempts}/${maxAttempts}`,
    submittedAt,
    error === undefined ? "" : `${error.code}: ${error.message}`,
  ]);
  output.table(["ID", "TARGET", "STATE", "ATTEMPTS", "SUBMITTED", "LATEST ERROR"], rows, all);
}
