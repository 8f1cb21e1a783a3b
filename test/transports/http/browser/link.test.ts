import { http } from "unigate/http";
import { openWebSocket } from "../../../../transports/http/browser/web-socket-connection.ts";
import { exerciseTransport } from "../../../exercise/transport/index.ts";
import { dial } from "../../../support/dial.ts";

const connector = {
  connect: (url: URL, signal: AbortSignal) => openWebSocket(new URL("/link", url.href.replace("http", "ws")), signal),
};

exerciseTransport("http over the WebSocket of a browser", {
  transports: () => [http({ port: 0 })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});
