import { GateError, type SignedRequest, type Webhook } from "unigate/transport";
import type { RequestHead } from "../request-job.ts";

/** Throws `unauthenticated` for a request that its sender has not signed. `date` is now, in ms since 1970. */
export function checkSignature(webhook: Webhook, { headers }: RequestHead, body: Uint8Array, date: number): void {
  const header: SignedRequest["header"] = (name) => headers[name]?.toString();
  const refusal = webhook.refusal({ body, header }, date);
  if (refusal !== undefined) throw new GateError("unauthenticated", `this is no request of ${webhook.name}: ${refusal}`);
}
