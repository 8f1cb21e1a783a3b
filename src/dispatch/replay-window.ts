/** Input of one job that is kept, in bytes. */
const maxBytes = 64 * 1024;

/** The input that a job has sent to its endpoint: kept, while it is little, so that the job may run elsewhere when that one never started. */
export class ReplayWindow {
  #chunks: Uint8Array[] | undefined;
  #bytes = 0;

  /** False: it is too much to keep. */
  add(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > maxBytes) return false;
    (this.#chunks ??= []).push(chunk);
    return true;
  }

  /** What has been sent, and the window is empty again; undefined when there was none. */
  take(): Uint8Array[] | undefined {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    this.#bytes = 0;
    return chunks;
  }
}
