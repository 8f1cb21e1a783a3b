import { rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Address, type Door, GateError, type GateHost } from "unigate/transport";
import { addressOf, purpose, type SocketAddress } from "./address.ts";
import { ZmtpConnection } from "./zmtp-connection.ts";

/** What a carrier adds to the largest record, in bytes: one frame may hold a block of small records before a large one. */
const frameRoomBytes = 64 * 1024;
/** Time that a peer has to greet, in ms. */
const greetingTimeoutMs = 10_000;

/** Listens as a ROUTER on every address. Rejects with `failed_precondition` when one cannot be bound. */
export async function openRouter(binds: readonly string[], gate: GateHost): Promise<Door> {
  const door = new RouterDoor(gate);
  try {
    for (const bind of binds) await door.bind(bind);
  } catch (error) {
    await door.close();
    throw error;
  }
  return door;
}

/** The ZeroMQ peers of a gate: each DEALER that connects is one link. */
class RouterDoor implements Door {
  readonly addresses: Address[] = [];
  readonly #gate: GateHost;
  readonly #servers: Server[] = [];
  readonly #peers = new Set<ZmtpConnection>();

  constructor(gate: GateHost) {
    this.#gate = gate;
  }

  async bind(bind: string): Promise<void> {
    const address = addressOf(bind);
    if ("path" in address) await removeStaleSocket(address.path);
    const server = createServer((socket) => this.#meet(socket));
    await listen(server, bind, address);
    this.#servers.push(server);
    this.addresses.push({ url: urlOf(server, bind), purpose });
  }

  async drain(): Promise<void> {
    for (const server of this.#servers) server.close();
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const peer of this.#peers) peer.close();
    await Promise.all(closed);
  }

  #meet(socket: Socket): void {
    const timer = this.#gate.clock.after(greetingTimeoutMs, () =>
      peer.end(new GateError("deadline_exceeded", "no ZMTP greeting came in time")),
    );
    const remote = socket.remoteAddress === undefined ? `zmq:ipc` : `zmq:${socket.remoteAddress}:${socket.remotePort}`;
    const peer: ZmtpConnection = new ZmtpConnection(socket, remote, {
      socketType: "ROUTER",
      peers: ["DEALER"],
      maxMessageBytes: this.#gate.maxPayloadBytes * 2 + frameRoomBytes,
      onReady: () => {
        timer.clear();
        this.#gate.accept(peer);
      },
      onRefused: (error) => {
        timer.clear();
        this.#gate.logger.warn("a ZeroMQ peer was refused", { remote, reason: error.message });
      },
    });
    this.#peers.add(peer);
    socket.once("close", () => this.#peers.delete(peer));
  }
}

function listen(server: Server, bind: string, address: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(bindError(error, bind)));
    server.listen({ ...address, backlog: 1024 }, () => resolve());
  });
}

/** A socket file that nobody listens on is what a killed gate left behind. */
async function removeStaleSocket(path: string): Promise<void> {
  const isStale = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (isStale) await rm(path, { force: true });
}

function urlOf(server: Server, bind: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") return bind;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `tcp://${host}:${address.port}`;
}

function bindError(error: NodeJS.ErrnoException, bind: string): GateError {
  const reason =
    error.code === "EADDRINUSE" ? "is in use; stop the other program or bind another address" : `cannot be bound: ${error.message}`;
  return new GateError("failed_precondition", `ZeroMQ address ${bind} ${reason}`, { cause: error });
}
