import { connector, http } from "unigate/http";
import { exerciseTransport } from "../../exercise/transport/index.ts";
import { dial } from "../../support/dial.ts";

exerciseTransport("http over WebSocket", {
  transports: () => [http({ port: 0 })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});
