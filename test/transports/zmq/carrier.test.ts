import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll } from "vitest";
import { connector, zmq } from "unigate/zmq";
import { exerciseTransport } from "../../exercise/transport/index.ts";
import { dial } from "../../support/dial.ts";

const sockets = mkdtempSync(`${tmpdir()}/gate-ipc-`);
afterAll(() => rmSync(sockets, { recursive: true, force: true }));

exerciseTransport("zmq over tcp", {
  transports: () => [zmq({ bind: "tcp://127.0.0.1:0" })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});

exerciseTransport("zmq over ipc", {
  transports: () => [zmq({ bind: `ipc://${sockets}/${randomUUID()}` })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});
