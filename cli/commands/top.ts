import type { Client } from "unigate/client";
import { shownUrl } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, gateOptions } from "../command.ts";
import { withRunningGate } from "../calling/connection.ts";
import { exitCodes } from "../report-error.ts";
import { UserError } from "../user-error.ts";

/** `gate top`: the live dashboard, one frame of it, or its figures. */
export const top: Command = defineCommand({
  name: "top",
  summary: "Shows live what a gate does: traffic, routes, queues, workers and their heartbeats, events. `?` lists its keys.",
  options: {
    ...gateOptions,
    once: { type: "boolean", description: "print one frame as plain text, and leave" },
    json: { type: "boolean", description: "print one snapshot as JSON, and leave" },
  },
  examples: ["gate top", "gate top --gate wss://gate.example", "gate top --once", "gate top --json | jq '.workers[].id'"],
  // Draining asks on its own.
  changesGate: () => false,
  async run(context) {
    const isLive = !context.isSet("once") && !context.isSet("json");
    if (isLive && !(process.stdin.isTTY && process.stdout.isTTY))
      throw new UserError(
        "gate top draws on a terminal, and this is none",
        "`gate top --once` prints one frame, `gate top --json` a snapshot",
      );
    await withRunningGate(context, (client) => (isLive ? showLive(context, client) : print(context, client)));
  },
});

async function showLive(context: CommandContext, client: Client): Promise<void> {
  const { runDashboard } = await import("../top/run-dashboard.tsx");
  const lastKey = await runDashboard(client, context.gate());
  if (lastKey === "ctrl+c") process.exitCode = exitCodes.interrupted;
}

async function print(context: CommandContext, client: Client): Promise<void> {
  const { takeSnapshot, snapshotData } = await import("../top/snapshot.ts");
  const state = await takeSnapshot(client, shownUrl(context.gate().url), context.signal);
  if (context.isSet("json")) return context.output.result(snapshotData(state.live));
  const { frameText } = await import("../top/print-frame.tsx");
  context.output.print(frameText(state, { columns: process.stdout.columns ?? 120, rows: process.stdout.rows ?? 40 }));
}
