import type { ConfigFault } from "../config/fault.ts";

/** A request as its sender signed it: the body byte for byte. */
export interface SignedRequest {
  readonly body: Uint8Array;
  /** A header by its lower-case name; several of one name come joined by commas. */
  readonly header: (name: string) => string | undefined;
}

/**
 * A sender of webhooks: knows its requests from forged ones, and repeated ones from new ones.
 *
 * Data, safe in a config; a webhook of one's own needs `name` and `refusal` only.
 */
export interface Webhook {
  readonly name: string;
  check?(): readonly ConfigFault[];
  /** Why the request is not one that the sender has signed lately, or undefined. `date` is now, in ms since 1970. Must not throw. */
  refusal(request: SignedRequest, date: number): string | undefined;
  /** The header that is the same when the sender repeats a request; lower case. */
  readonly idempotencyHeader?: string;
}
