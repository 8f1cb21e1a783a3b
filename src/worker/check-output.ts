import { GateError } from "../error/gate-error.ts";
import type { LoadedMethod } from "./loaded-method.ts";
import { Reply } from "./reply.ts";
import { issueText } from "./standard-schema.ts";

/** A value that a method returned, as its output schema gives it; rejects with `internal` when the schema refuses it. */
export async function checkOutput({ info, options }: LoadedMethod, value: unknown): Promise<unknown> {
  if (options.output === undefined) return value;
  const body = value instanceof Reply ? value.body : value;
  const result = await options.output["~standard"].validate(body);
  if (result.issues !== undefined) {
    const faults = result.issues.map((issue) => issueText(issue));
    throw new GateError("internal", `${info.name} returned what its output schema refuses: ${faults.join("; ")}`, { retryable: false });
  }
  return value instanceof Reply ? new Reply(result.value, value.head) : result.value;
}
