import { spawnSync } from "node:child_process";
import { Dealer, Request, Router } from "zeromq";
import { connect } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { createWorker, defineService } from "unigate/worker";
import { zmq } from "unigate/zmq";
import { afterEach, expect, test } from "vitest";
import { connector } from "../../../transports/zmq/connector.ts";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";
import { readFrame, RecordView } from "../../../src/protocol/frame-reader.ts";
import { packMessage, unpackMessage } from "../../../src/protocol/messages.ts";
import { protocolVersion, RecordType } from "../../../src/protocol/record.ts";
import { eventuallyTrue } from "../../support/eventually.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startGate(bind: string | readonly string[]): Promise<Gate> {
  const gate = createGate({ settle: 0, transports: [zmq({ bind })] });
  await gate.start();
  closing.push(() => gate.close());
  return gate;
}

function hello(): Uint8Array {
  const frames: Uint8Array[] = [];
  const writer = new FrameWriter((frame) => frames.push(frame), 1e6);
  writer.record({ type: RecordType.hello }, packMessage({ version: protocolVersion, id: "lib", incarnation: "1", agent: "libzmq" }));
  writer.flush();
  return frames[0] as Uint8Array;
}

function typesOf(frame: Uint8Array): number[] {
  const types: number[] = [];
  readFrame(frame, new RecordView(), ({ type }) => void types.push(type));
  return types;
}

test("a DEALER of libzmq says hello and is welcomed", async () => {
  const gate = await startGate("tcp://127.0.0.1:*");
  const dealer = new Dealer({ linger: 0, heartbeatInterval: 20, heartbeatTimeout: 400 });
  closing.push(() => dealer.close());
  dealer.connect(gate.addresses[0]?.url as string);
  await dealer.send(hello());
  const [frame] = await dealer.receive();
  expect(typesOf(frame as Uint8Array)).toContain(RecordType.welcome);
  const view = new RecordView();
  readFrame(frame as Uint8Array, view, (record) => {
    if (record.type === RecordType.welcome) expect(unpackMessage(record.payload, "welcome")).toMatchObject({ session: expect.any(String) });
  });
});

test("a peer that checks the link with PING commands of ZMTP keeps it", async () => {
  const gate = await startGate("tcp://127.0.0.1:*");
  const dealer = new Dealer({ linger: 0, heartbeatInterval: 10, heartbeatTimeout: 50, reconnectInterval: -1 });
  closing.push(() => dealer.close());
  let lost = 0;
  dealer.events.on("disconnect", () => lost++);
  dealer.connect(gate.addresses[0]?.url as string);
  await dealer.send(hello());
  // Beats of the gate itself come once a second: by the third, libzmq has asked a hundred times and more.
  for (let beats = 0; beats < 2;) {
    const [frame] = await dealer.receive();
    if (typesOf(frame as Uint8Array).includes(RecordType.ping)) beats++;
  }
  expect(lost).toBe(0);
});

test("our client end opens a connection to a ROUTER of libzmq, in both directions", async () => {
  const router = new Router({ linger: 0 });
  closing.push(() => router.close());
  await router.bind("tcp://127.0.0.1:*");
  const connection = await connector.connect(new URL(router.lastEndpoint as string), AbortSignal.timeout(5000));
  closing.push(() => connection.close());
  const received: string[] = [];
  connection.open({ frame: (frame) => void received.push(Buffer.from(frame).toString("latin1", 0, 5)), closed: () => {} });
  connection.send(Buffer.from("small"));
  connection.send(Buffer.alloc(300_000, "large"));
  const [identity, first] = await router.receive();
  const [, second] = await router.receive();
  expect([first?.toString(), second?.length]).toEqual(["small", 300_000]);
  await router.send([identity as Buffer, Buffer.alloc(300_000, "reply")]);
  await eventuallyTrue("the reply arrives", () => received.length > 0);
  expect(received).toEqual(["reply"]);
});

test("a REQ socket is told that it needs to be a DEALER, and the others do not notice", async () => {
  const gate = await startGate("tcp://127.0.0.1:*");
  const url = gate.addresses[0]?.url as string;
  const request = new Request({ linger: 0, reconnectInterval: -1 });
  closing.push(() => request.close());
  const refused = new Promise((resolve) => request.events.on("disconnect", resolve));
  request.connect(url);
  await refused;
  const client = connect(url);
  closing.push(() => client.close());
  await expect(client.discover()).resolves.toBeInstanceOf(Array);
});

test("one gate listens on several addresses, and says where", async () => {
  const path = `/tmp/gate-zmtp-${process.pid}.sock`;
  const gate = await startGate(["tcp://127.0.0.1:*", `ipc://${path}`]);
  expect(gate.addresses.map(({ url }) => url)).toEqual([expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/), `ipc://${path}`]);
  const worker = createWorker({ gate: `ipc://${path}`, services: [defineService("t", { twice: (n: number) => n * 2 })] });
  closing.push(() => worker.close());
  await worker.start();
  const client = connect(gate.addresses[0]?.url as string);
  closing.push(() => client.close());
  expect(await client.call("t.twice", [21])).toBe(42);
});

test("a socket file that a killed gate left behind does not keep the next one out", async () => {
  const path = `/tmp/gate-stale-${process.pid}.sock`;
  spawnSync(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  await startGate(`ipc://${path}`);
  await expect(startGate(`ipc://${path}`)).rejects.toThrow(/is in use; stop the other program/);
});
