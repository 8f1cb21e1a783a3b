import { GateError } from "unigate/transport";
import type { StandardSchema } from "unigate/worker";

/** The result as its schema has it; throws `internal` that says how it differs: the service has broken its contract, not the caller. */
export async function checkResult(target: string, schema: StandardSchema, value: unknown): Promise<unknown> {
  const checked = await schema["~standard"].validate(value);
  if (checked.issues === undefined) return checked.value;
  const faults = checked.issues.map(({ path = [], message }) => {
    const where = path.map((step) => String(typeof step === "object" ? step.key : step)).join(".");
    return where === "" ? message : `${where}: ${message}`;
  });
  throw new GateError("internal", `${target} answered what its schema does not allow: ${faults.join("; ")}`, { details: { faults } });
}
