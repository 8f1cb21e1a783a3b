import { Router } from "zeromq";
import { type Address, type Connection, type ConnectionHandler, type Door, GateError, type GateHost } from "unigate/transport";
import { afterLastFrames, frameRoomBytes, maxFrameBytes, socketOptions } from "./limits.ts";

/** Binds one ROUTER to every address. Rejects with `failed_precondition` when one cannot be bound. */
export async function openRouter(binds: readonly string[], gate: GateHost): Promise<Door> {
  const socket = new Router({ ...socketOptions, mandatory: true, maxMessageSize: gate.maxPayloadBytes * 2 + frameRoomBytes });
  try {
    for (const bind of binds) await socket.bind(bind.replace(/:0$/, ":*"));
  } catch (error) {
    socket.close();
    throw bindError(error, binds);
  }
  // With several addresses libzmq tells only the last one.
  const addresses = binds.length === 1 ? [socket.lastEndpoint ?? (binds[0] as string)] : binds;
  return new RouterDoor(socket, gate, addresses);
}

/** All ZeroMQ peers of a gate behind one socket, told apart by the identity that libzmq gave to each connection. */
class RouterDoor implements Door {
  readonly addresses: readonly Address[];
  readonly #socket: Router;
  readonly #gate: GateHost;
  readonly #peers = new Map<string, RouterPeer>();
  #isClosed = false;

  constructor(socket: Router, gate: GateHost, urls: readonly string[]) {
    this.#socket = socket;
    this.#gate = gate;
    this.addresses = urls.map((url) => ({ url, purpose: "ZeroMQ clients and workers" }));
    void this.#receive();
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#socket.close();
  }

  async send(identity: Buffer, frame: Uint8Array): Promise<void> {
    if (!this.#isClosed) await this.#socket.send([identity, frame]);
  }

  forget(key: string): void {
    this.#peers.delete(key);
  }

  async #receive(): Promise<void> {
    // `receive` rejects once the socket is closed: that is the end of the loop.
    for await (const [identity, frame] of this.#socket) {
      if (this.#isClosed) return;
      if (identity === undefined || frame === undefined) continue;
      const key = identity.toString("latin1");
      const peer = this.#peers.get(key) ?? this.#meet(key, identity);
      peer.receive(frame);
    }
  }

  #meet(key: string, identity: Buffer): RouterPeer {
    const peer = new RouterPeer(this, key, identity);
    this.#peers.set(key, peer);
    this.#gate.accept(peer);
    return peer;
  }
}

/** One peer of the ROUTER. */
class RouterPeer implements Connection {
  readonly carrier = "zmq";
  readonly remote: string;
  readonly maxFrameBytes: number = maxFrameBytes;
  readonly #door: RouterDoor;
  readonly #key: string;
  readonly #identity: Buffer;
  #handler: ConnectionHandler | undefined;
  readonly #failed = (error: unknown): void => {
    afterLastFrames(() => this.#end(sendError(error)));
  };

  constructor(door: RouterDoor, key: string, identity: Buffer) {
    this.#door = door;
    this.#key = key;
    this.#identity = Buffer.from(identity);
    this.remote = `zmq:${this.#identity.toString("hex").slice(2)}`;
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  receive(frame: Uint8Array): void {
    this.#handler?.frame(frame);
  }

  send(frame: Uint8Array): void {
    if (this.#handler !== undefined) this.#door.send(this.#identity, frame).catch(this.#failed);
  }

  close(): void {
    this.#end();
  }

  #end(error?: GateError): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#handler = undefined;
    this.#door.forget(this.#key);
    handler.closed(error);
  }
}

function sendError(error: unknown): GateError {
  const { code } = error as { code?: string };
  if (code === "EHOSTUNREACH") return new GateError("unavailable", "the peer closed its connection", { cause: error });
  if (code === "EAGAIN") return new GateError("resource_exhausted", "the peer does not read: its send queue is full", { cause: error });
  return GateError.from(error, "unavailable");
}

function bindError(error: unknown, binds: readonly string[]): GateError {
  const { code, address = binds.join(", ") } = error as { code?: string; address?: string };
  const reason =
    code === "EADDRINUSE"
      ? "is in use; stop the other program or bind another address"
      : `cannot be bound: ${GateError.from(error).message}`;
  return new GateError("failed_precondition", `ZeroMQ address ${address} ${reason}`, { cause: error });
}
