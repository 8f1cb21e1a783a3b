import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { connector, zmq } from "unigate/zmq";
import { exerciseTransport } from "../exercise/transport/index.ts";
import { dial } from "../support/dial.ts";

exerciseTransport("zmq over tcp", {
  transports: () => [zmq({ bind: "tcp://127.0.0.1:0" })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});

exerciseTransport("zmq over ipc", {
  transports: () => [zmq({ bind: `ipc://${tmpdir()}/gate-${randomUUID()}` })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});
