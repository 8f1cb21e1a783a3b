import type { GateError, Metadata, ReplySink } from "unigate/transport";

/** A caller that writes down what it hears, and every breach of the sink's contract. */
export class RecordingSink implements ReplySink {
  readonly chunks: string[] = [];
  readonly breaches: string[] = [];
  heads = 0;
  ends = 0;
  error: GateError | undefined;
  value: string | undefined;
  drains = 0;
  /** What `chunk` answers. */
  hasRoom = true;

  get hasEnded(): boolean {
    return this.ends > 0;
  }

  head(_metadata: Metadata): void {
    this.heads++;
    if (this.heads > 1) this.breaches.push("two heads");
    if (this.chunks.length > 0) this.breaches.push("a head after a chunk");
    if (this.hasEnded) this.breaches.push("a head after the end");
  }

  chunk(payload: Uint8Array): boolean {
    if (this.hasEnded) this.breaches.push("a chunk after the end");
    this.chunks.push(Buffer.from(payload).toString());
    return this.hasRoom;
  }

  end(payload?: Uint8Array): void {
    this.#ended();
    this.value = payload === undefined ? undefined : Buffer.from(payload).toString();
  }

  fail(error: GateError): void {
    this.#ended();
    this.error = error;
  }

  drained(): void {
    this.drains++;
  }

  #ended(): void {
    this.ends++;
    if (this.ends > 1) this.breaches.push("two ends");
  }
}
