import { Metadata, type MetadataInit, type MetadataValue } from "../job/metadata.ts";

/** What `reply` may say besides the body. */
export interface ReplyOptions {
  /** HTTP status; callers on other transports do not see it. */
  status?: number;
  headers?: MetadataInit;
}

/** A result with headers, as `reply` makes it. */
export class Reply<Body = unknown> {
  readonly body: Body;
  readonly head: Metadata;

  constructor(body: Body, head: Metadata) {
    this.body = body;
    this.head = head;
  }
}

/**
 * A result with a status and headers: `return reply(body, { status: 201, headers: { location } })`.
 *
 * With a `content-type` among the headers, text and bytes go out as they are instead of as JSON.
 */
export function reply<Body>(body: Body, options: ReplyOptions = {}): Reply<Body> {
  const status: MetadataValue[] = options.status === undefined ? [] : [":status", String(options.status)];
  return new Reply(body, Metadata.fromFlat([...status, ...Metadata.from(options.headers).flat]));
}
