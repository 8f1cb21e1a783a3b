import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { durationOf } from "../calling/call-arguments.ts";
import type { CommandContext } from "../command.ts";
import { gateEnvironment } from "../contexts/gate-address.ts";
import { untilStopped } from "../serving/stop-signals.ts";
import { reloadOnChange } from "./reload-on-change.ts";
import { ChildExit, Supervisor } from "./supervisor.ts";

/** Serves in processes below this one: `--instances` of them, replaced when a source changes with `--watch`. */
export async function serveSupervised(context: CommandContext): Promise<void> {
  const files = context.texts("file");
  const sources = [...context.texts("exec").slice(-1), ...files].filter((file) => existsSync(file));
  const { note } = context.output;
  const count = context.number("instances") ?? 1;
  const name = context.text("id") ?? `${hostname()}-${process.pid}`;
  const supervisor = new Supervisor({
    count,
    // Time for a program to be killed by its worker, which knows what it started.
    graceMs: graceOf(context) + (context.text("exec") === undefined ? 0 : 2000),
    note,
    env: gateEnvironment(context.gate()),
    argv: (slot) => ["worker", ...passedOn(context), "--id", count === 1 ? name : `${name}-${slot}`, "--", ...files],
  });
  const unwatch = context.isSet("watch") ? reloadOnChange(supervisor, { files: sources, note }) : () => {};
  const stopped = untilStopped({
    drain() {
      unwatch();
      return supervisor.stop();
    },
    abandon: () => supervisor.kill(),
  });
  try {
    await Promise.race([supervisor.start(), stopped]);
  } catch (error) {
    await supervisor.stop();
    // The process has said itself what is wrong.
    if (error instanceof ChildExit) process.exit(error.code);
    throw error;
  }
  process.send?.("serving");
  if (context.isSet("watch")) note(`watching ${sources.join(", ")}`);
  await Promise.race([supervisor.retired, stopped]);
}

/** What `--grace` says, in ms. */
export function graceOf(context: CommandContext): number {
  return durationOf("grace", context.text("grace") ?? "30s");
}

function passedOn(context: CommandContext): string[] {
  const names = ["service", "exec", "method", "concurrency", "version", "weight", "grace", "log-level"];
  const texts = names.flatMap((name) => context.texts(name).map((value) => `--${name}=${value}`));
  return context.isSet("trace") ? [...texts, "--trace"] : texts;
}
