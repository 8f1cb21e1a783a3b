import { z } from "zod";
import type { Intake, IntakeMode } from "../webhook/intake.ts";
import type { Webhook } from "../webhook/webhook.ts";
import type { ConfigFault } from "./fault.ts";
import type { RouteConfig } from "./route-config.ts";

const modes = ["live", "async", "live-else-inbox"] as const satisfies readonly IntakeMode[];

/** What a route may say of how it takes jobs in. */
export const intakeShape: {
  mode: z.ZodOptional<z.ZodType<IntakeMode>>;
  webhook: z.ZodOptional<z.ZodType<Webhook>>;
  orderBy: z.ZodOptional<z.ZodType<string>>;
} = {
  mode: z.enum(modes, `is not a mode; known are ${modes.join(", ")}`).optional(),
  webhook: z
    .custom<Webhook>(
      (value) => typeof value === "object" && value !== null && "refusal" in value && typeof value.refusal === "function",
      'is not a sender of webhooks; import one from "unigate/webhooks", such as github({ secret })',
    )
    .optional(),
  orderBy: z
    .string("is not a header; write its name in lower case")
    .regex(/^:?[\w.-]+$/, 'is not a header; write its name in lower case, or ":param.name"')
    .optional(),
};

/** The faults that a route's intake has as a whole. */
export function intakeFaults(path: string, { mode = "live", webhook, orderBy }: RouteConfig): ConfigFault[] {
  const faults: ConfigFault[] = typeof webhook?.check === "function" ? [...webhook.check()] : [];
  const own = faults.map((fault) => ({ ...fault, path: `${path}.webhook.${fault.path}` }));
  if (orderBy === undefined || mode === "async") return own;
  const problem = `orders jobs that are kept, but the mode is ${mode}: a live one would overtake those that wait`;
  return [...own, { path: `${path}.orderBy`, problem, remedy: 'write mode: "async" beside it' }];
}

/** The intake of a route; undefined for the ordinary one. */
export function toIntake({ mode = "live", webhook, orderBy }: RouteConfig): Intake | undefined {
  return mode === "live" && webhook === undefined ? undefined : { mode, webhook, orderBy: orderBy?.toLowerCase() };
}
