import { type GateError, Job, Metadata, type MetadataInit, type ReplySink } from "unigate/transport";
import { onTestFinished } from "vitest";
import { createUpstream, type Upstream, type UpstreamOptions } from "../../../../transports/http/upstream/index.ts";

/** A caller that keeps what it hears; `ended` resolves at the end. */
export class Caller implements ReplySink {
  metadata: Metadata = Metadata.empty;
  trailers: Metadata | undefined;
  body = "";
  error: GateError | undefined;
  neverStarted: boolean | undefined;
  drains = 0;
  hasRoom = true;
  readonly #ended = Promise.withResolvers<void>();
  readonly ended: Promise<void> = this.#ended.promise;

  get status(): string | undefined {
    return this.metadata.get(":status");
  }

  head(metadata: Metadata): void {
    this.metadata = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    this.body += Buffer.from(payload).toString("latin1");
    return this.hasRoom;
  }

  end(_payload?: Uint8Array, trailers?: Metadata): void {
    this.trailers = trailers;
    this.#ended.resolve();
  }

  fail(error: GateError, neverStarted?: boolean): void {
    this.error = error;
    this.neverStarted = neverStarted;
    this.#ended.resolve();
  }

  drained(): void {
    this.drains++;
  }
}

/** A job with this metadata. */
export function toJob(metadata: MetadataInit, more: { payload?: string; streamsInput?: boolean; idempotent?: boolean } = {}): Job {
  return new Job({
    target: "web.fetch",
    payload: Buffer.from(more.payload ?? ""),
    contentType: "application/json",
    metadata: Metadata.from(metadata),
    streamsInput: more.streamsInput ?? false,
    idempotent: more.idempotent ?? false,
  });
}

/** An upstream that is destroyed when the test is over. */
export function open(url: string, options?: UpstreamOptions): Upstream {
  const upstream = createUpstream(url, options);
  onTestFinished(() => upstream.destroy());
  return upstream;
}
