/**
 * What Node has and a browser lacks, each beside its counterpart: the one place where shared code tells the two apart.
 *
 * The choice is made once, when this file loads; in Node the hot path calls what it always called.
 */

/** Calls `run` once this turn of the event loop is over, after everything that is due in it. */
export const afterTurn: (run: () => void) => void = typeof setImmediate === "function" ? setImmediate : throughChannel();

/** Bytes whose content is arbitrary: write them before they are read. */
export const allocate: (bytes: number) => Uint8Array<ArrayBuffer> =
  typeof Buffer === "function" ? (bytes) => Buffer.allocUnsafeSlow(bytes) : (bytes) => new Uint8Array(bytes);

/** The base64 text of `bytes` (RFC 4648 section 4). */
export const toBase64: (bytes: Uint8Array) => string =
  typeof Buffer === "function"
    ? ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString("base64")
    : (bytes) => btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(""));

/** A message to ourselves is the shortest way around the event loop: timers of a browser wait 4 ms once they are nested. */
function throughChannel(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const due: (() => void)[] = [];
  port1.addEventListener("message", () => due.shift()?.());
  port1.start();
  return (run) => {
    due.push(run);
    port2.postMessage(undefined);
  };
}
