import { Dealer } from "zeromq";
import { type Connection, type ConnectionHandler, type Connector, GateError } from "unigate/transport";
import { afterLastFrames, maxFrameBytes, socketOptions } from "./limits.ts";

/** Opens ZeroMQ connections to a gate: `tcp://host:port` and `ipc:///path`. */
export const connector: Connector = {
  async connect(url, signal) {
    // `URL` takes ipc://a/b apart into host and path; libzmq wants it whole.
    const address = url.protocol === "ipc:" ? `ipc://${url.host}${url.pathname}` : `tcp://${url.host}`;
    // Each connection is one socket and one physical link: reconnecting is the session's business, so that it never mistakes
    // a restarted gate for the old one. libzmq's own reconnecting is off.
    const socket = new Dealer({ ...socketOptions, maxMessageSize: maxFrameBytes, reconnectInterval: -1, connectTimeout: 5000 });
    const connection = new DealerConnection(socket, address);
    await connection.connected(signal);
    return connection;
  },
};

class DealerConnection implements Connection {
  readonly carrier = "zmq";
  readonly remote: string;
  readonly maxFrameBytes: number = maxFrameBytes;
  readonly #socket: Dealer;
  #handler: ConnectionHandler | undefined;
  #isClosed = false;
  readonly #failed = (error: unknown): void => this.#end(GateError.from(error, "unavailable"));

  constructor(socket: Dealer, address: string) {
    this.#socket = socket;
    this.remote = address;
  }

  connected(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { events } = this.#socket;
    const refuse = (reason: string): void => {
      this.#isClosed = true;
      this.#socket.close();
      reject(new GateError("unavailable", `cannot reach a gate at ${this.remote}: ${reason}`));
    };
    if (signal.aborted) {
      refuse("given up");
      return promise;
    }
    const giveUp = (): void => refuse("no answer in time");
    signal.addEventListener("abort", giveUp, { once: true });
    events.on("handshake", () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    const failed = (reason: string): void => {
      signal.removeEventListener("abort", giveUp);
      if (this.#isClosed) return;
      if (this.#handler === undefined) refuse(reason);
      else afterLastFrames(() => this.#end(new GateError("unavailable", reason)));
    };
    events.on("close", () => failed("the connection was refused"));
    events.on("disconnect", () => failed("the gate closed the connection"));
    events.on("handshake:error:protocol", () => failed("it does not speak ZeroMQ"));
    events.on("handshake:error:other", () => failed("the handshake failed"));
    try {
      this.#socket.connect(this.remote);
    } catch (error) {
      failed(GateError.from(error).message);
    }
    return promise;
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    void this.#receive();
  }

  send(frame: Uint8Array): void {
    if (!this.#isClosed) this.#socket.send(frame).catch(this.#failed);
  }

  close(): void {
    this.#end();
  }

  async #receive(): Promise<void> {
    try {
      for await (const [frame] of this.#socket) {
        if (frame !== undefined) this.#handler?.frame(frame);
      }
    } catch (error) {
      this.#end(GateError.from(error, "unavailable"));
    }
  }

  #end(error?: GateError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    this.#handler?.closed(error);
  }
}
