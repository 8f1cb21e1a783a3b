import { decodePayload, encodePayload, GateError, type Job, type JobControl, Metadata, type ReplySink } from "unigate/transport";
import { mediaType } from "../request-job.ts";
import { errorOfResponse } from "../service/response-error.ts";

/**
 * The reply to a declared method: what the service answered, in the type that the caller takes; a status that is no success is an error.
 *
 * Held until it is whole, so that it can be one or the other; `limit` bounds it, in bytes.
 */
export class InstanceReply implements ReplySink {
  readonly #job: Job;
  readonly #sink: ReplySink;
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #control: JobControl | undefined;
  #head: Metadata = Metadata.empty;
  #bytes = 0;

  constructor(job: Job, sink: ReplySink, limit: number) {
    this.#job = job;
    this.#sink = sink;
    this.#limit = limit;
  }

  /** The request; one whose reply grows too large is broken off. */
  controlledBy(control: JobControl): JobControl {
    this.#control = control;
    return control;
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    this.#bytes += payload.length;
    if (this.#bytes <= this.#limit) this.#chunks.push(payload);
    else this.#control?.cancel("the reply is too large");
    return true;
  }

  end(): void {
    if (this.#bytes > this.#limit) return this.#sink.fail(this.#tooLarge());
    const body = Buffer.concat(this.#chunks);
    const type = mediaType(this.#head.get("content-type")) ?? "";
    const status = Number(this.#head.get(":status"));
    if (status < 200 || status > 299) return this.#sink.fail(errorOfResponse(status, body.toString("utf8", 0, longestBody)));
    if (body.length === 0) return this.#sink.end();
    const { accept } = this.#job;
    if (type === accept) return this.#sink.end(body);
    let payload: Uint8Array;
    try {
      payload = encodePayload(decodePayload(body, type), accept);
    } catch (error) {
      const { message } = GateError.from(error);
      return this.#sink.fail(new GateError("internal", `${this.#job.target} answered what cannot be read: ${message}`, { cause: error }));
    }
    this.#sink.end(payload);
  }

  fail(error: GateError, neverStarted?: boolean): void {
    if (this.#bytes > this.#limit) this.#sink.fail(this.#tooLarge());
    else this.#sink.fail(error, neverStarted);
  }

  #tooLarge(): GateError {
    return new GateError("resource_exhausted", `the reply of ${this.#job.target} is larger than maxPayload, ${this.#limit} bytes`, {
      retryable: false,
    });
  }
}

/** Bytes of an error's body that are looked at. */
const longestBody = 4096;
