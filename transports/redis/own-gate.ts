import { type Connection, createMemoryPair } from "unigate/transport";
import { openDoor } from "./door.ts";
import type { RedisSettings } from "./settings.ts";

/** A gate of the client's own, in its process: its jobs go straight into the streams of their services. Closes with the connection. */
export async function connectToOwnGate(settings: RedisSettings): Promise<Connection> {
  const { createGate } = await import("unigate/gate");
  const gate = createGate({
    settle: 0,
    transports: [{ name: "redis", start: (host) => openDoor({ ...settings, delivery: "pull" }, host, { isListed: false }) }],
  });
  await gate.start();
  const [clients, gates] = createMemoryPair();
  gate.accept(whenClosed(gates, () => void gate.close()));
  return clients;
}

/** `connection`, with `closed` called after its handler has heard of the end. */
function whenClosed(connection: Connection, closed: () => void): Connection {
  const { carrier, remote, maxFrameBytes } = connection;
  return {
    carrier,
    remote,
    maxFrameBytes,
    send: (frame) => connection.send(frame),
    close: () => connection.close(),
    open: (handler) =>
      connection.open({
        frame: (frame) => handler.frame(frame),
        closed: (error) => {
          handler.closed(error);
          closed();
        },
      }),
  };
}
