import { connect, createServer, type Server, type Socket } from "node:net";

type Direction = "from the gate" | "to the gate";

/** A TCP relay that can stop forwarding in one direction and keep every socket open: a half-open link. */
export class Relay {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowed: Direction | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  static async open(target: number): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const relay = new Relay(server);
    server.on("connection", (peer) => {
      const gate = connect(target, "127.0.0.1");
      for (const socket of [peer, gate]) {
        relay.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          peer.destroy();
          gate.destroy();
        });
      }
      peer.on("data", (data) => void (relay.#swallowed === "to the gate" || gate.write(data)));
      gate.on("data", (data) => void (relay.#swallowed === "from the gate" || peer.write(data)));
    });
    return relay;
  }

  /** What it reads in `direction` is lost from now on; undefined: nothing is. */
  swallow(direction: Direction | undefined): void {
    this.#swallowed = direction;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
