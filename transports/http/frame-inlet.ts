import { type ConnectionHandler, GateError } from "unigate/client/portable";

/** The receiving end of a WebSocket, Node's or a browser's: frames that come before the session opens wait, and the end is told once. */
export class FrameInlet {
  #handler: ConnectionHandler | undefined;
  #early: Uint8Array[] = [];

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    for (const frame of this.#early.splice(0)) handler.frame(frame);
  }

  take(frame: Uint8Array): void {
    if (this.#handler === undefined) this.#early.push(frame);
    else this.#handler.frame(frame);
  }

  /** The peer has closed. Source of the codes: RFC 6455, section 7.4. */
  closed(code: number, reason: string): void {
    const why = reason === "" ? String(code) : `${code} ${reason}`;
    this.end(code === 1000 ? undefined : new GateError("unavailable", `the connection was closed (${why})`));
  }

  end(error?: GateError): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(error);
  }
}
