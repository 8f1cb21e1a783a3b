import { connect, createServer, type Server, type Socket } from "node:net";

type Direction = "from the gate" | "to the gate";

/** A TCP relay that loses what it should forward and keeps every socket open (a half-open link), or that cuts its connections. */
export class Relay {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #forgotten = new WeakSet<Socket>();
  #swallowed: Direction | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  static async open(target: number, port = 0): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const relay = new Relay(server);
    server.on("connection", (peer) => {
      const gate = connect(target, "127.0.0.1");
      for (const socket of [peer, gate]) {
        relay.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          peer.destroy();
          gate.destroy();
          relay.#sockets.delete(socket);
        });
      }
      peer.on("data", (data) => void (relay.#swallowed === "to the gate" || relay.#forgotten.has(peer) || gate.write(data)));
      gate.on("data", (data) => void (relay.#swallowed === "from the gate" || relay.#forgotten.has(gate) || peer.write(data)));
    });
    return relay;
  }

  /** What it reads in `direction` is lost from now on; undefined: nothing is. */
  swallow(direction: Direction | undefined): void {
    this.#swallowed = direction;
  }

  /** Forwards nothing more over the connections that are there, as a NAT does that has lost its table; new ones work. */
  forget(): void {
    for (const socket of this.#sockets) this.#forgotten.add(socket);
  }

  /** Cuts the connections that are there; new ones work. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
