import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { GateError, type JobControl, type Metadata, type ReplySink } from "unigate/transport";
import { toProblem } from "../problem.ts";

/** The reply to an upgrade: after a 101 bytes both ways, else a response that ends its connection. */
export class TunnelReply implements ReplySink {
  readonly #socket: Duplex;
  #control: JobControl | undefined;
  #hasHead = false;
  #isOver = false;
  #hasLeft = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("drain", () => this.#control?.resume());
    socket.on("close", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#hasLeft = true;
      this.#control?.cancel("the client left");
    });
  }

  /** Starts to send what the caller says to the job; `first` has come already. */
  controlledBy(control: JobControl, first: Buffer): void {
    this.#control = control;
    if (this.#hasLeft) return control.cancel("the client left");
    const socket = this.#socket;
    socket.on("data", (piece: Buffer) => {
      if (control.input?.(piece) === false) socket.pause();
    });
    socket.on("end", () => control.endInput?.());
    if (first.length > 0) socket.unshift(first);
  }

  head(metadata: Metadata): void {
    if (this.#isOver) return;
    const status = Number(metadata.get(":status"));
    const lines = [`HTTP/1.1 ${status} ${metadata.get(":reason") ?? STATUS_CODES[status] ?? ""}`];
    for (const [key, value] of metadata) if (!key.startsWith(":")) lines.push(`${key}: ${String(value)}`);
    if (status === 101) lines.push("connection: upgrade", `upgrade: ${metadata.get(":upgrade") ?? "websocket"}`);
    else lines.push("connection: close");
    // A worker that is no HTTP server may say anything.
    if (lines.some((line) => /[\r\n\0]/.test(line))) {
      this.fail(new GateError("internal", "the head of the response holds a control character"));
      this.#control?.cancel("its head cannot be sent on");
      return;
    }
    this.#hasHead = true;
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  }

  chunk(payload: Uint8Array): boolean {
    return this.#isOver || this.#socket.write(payload);
  }

  end(payload?: Uint8Array): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.end(payload);
  }

  fail(error: GateError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#hasHead) return void this.#socket.destroy();
    refuseUpgrade(this.#socket, error, error.details?.["upstream"] === undefined ? undefined : 502);
  }

  drained(): void {
    this.#socket.resume();
  }
}

/** Answers an upgrade with an error, and ends its connection. */
export function refuseUpgrade(socket: Duplex, error: GateError, as?: number): void {
  const { status, headers, body } = toProblem(error, undefined, as);
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\n${lines.join("")}\r\n`);
  socket.end(body);
}
