import { createServer, type Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/** The commands of one write of a client, in small letters; no word of them has a line break. */
function commandsOf(data: string): string[] {
  const commands = data.match(/\*\d+\r\n(?:\$\d+\r\n[^\r]*\r\n)+/g) ?? [];
  return commands.map((command) =>
    command
      .split("\r\n")
      .filter((word) => !/^[*$]\d+$/.test(word))
      .join(" ")
      .toLowerCase(),
  );
}

/**
 * A sentinel that knows one master, and tells of a failover when the test says so: a real one cannot be made to do it in the very moment in
 * which a client asks it for the master.
 */
export class ScriptedSentinel implements AsyncDisposable {
  readonly #masterPort: number;
  readonly #server: Server;
  readonly #subscribers = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  /** Questions for the master so far. */
  asked = 0;
  /** Who has asked while it is to hold its answers. */
  #held: Socket[] | undefined;

  private constructor(masterPort: number) {
    this.#masterPort = masterPort;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", (data) => {
        for (const command of commandsOf(data.toString())) this.#answer(socket, command);
      });
    });
  }

  static async start(masterPort: number): Promise<ScriptedSentinel> {
    const sentinel = new ScriptedSentinel(masterPort);
    await new Promise<void>((resolve) => sentinel.#server.listen(0, "127.0.0.1", resolve));
    return sentinel;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}?sentinel=main`;
  }

  /** Does not tell who is master, until `release`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const socket of held) this.#tellMaster(socket);
  }

  /** Tells everybody who listens that the master has changed. */
  async tellFailover(): Promise<void> {
    for (const socket of this.#subscribers) socket.write("*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$4\r\nmain\r\n");
    await turn();
  }

  #answer(socket: Socket, command: string): void {
    if (command.startsWith("subscribe")) {
      this.#subscribers.add(socket);
      socket.write("*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n");
    } else if (command.includes("get-master-addr-by-name")) {
      this.asked++;
      if (this.#held === undefined) this.#tellMaster(socket);
      else this.#held.push(socket);
    } else socket.write(command.includes("sentinels") ? "*0\r\n" : "+OK\r\n");
  }

  #tellMaster(socket: Socket): void {
    const port = String(this.#masterPort);
    socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${port.length}\r\n${port}\r\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
