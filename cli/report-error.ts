import { UserError } from "./user-error.ts";

/** Exit codes, the same for every command. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Says on stderr what went wrong, why, and the next step; resolves with the exit code. */
export async function reportError(error: unknown): Promise<number> {
  if (error instanceof UserError) {
    process.stderr.write(`gate: ${error.message}\n${error.next === undefined ? "" : `  ${error.next}\n`}`);
    return exitCodes.usage;
  }
  // Loaded here, so that `gate --help` needs nothing but this folder.
  const { GateError } = await import("unigate/transport");
  if (GateError.is(error)) {
    const name = error.details?.["error"];
    // The class of an exception in a handler; `Error`, or the type of what is none, says nothing that the message does not.
    const kind = error.code === "unknown" && typeof name === "string" && /^[A-Z]/.test(name) && name !== "Error" ? `${name}: ` : "";
    process.stderr.write(`${error.code}: ${kind}${error.message}\n`);
    return exitCodes.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`gate: this should not have happened; please report it with what you did\n${text}\n`);
  return exitCodes.failed;
}
