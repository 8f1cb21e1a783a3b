/** Peers written by hand, record by record: for what no well-behaved client or worker would do. */
import { GateError } from "unigate";
import { type Job, type ReplySink, systemClock } from "unigate/transport";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";
import { readFrame, RecordView } from "../../../src/protocol/frame-reader.ts";
import { unpackMessage } from "../../../src/protocol/messages.ts";
import { RecordType } from "../../../src/protocol/record.ts";
import { Session } from "../../../src/transport/session.ts";
import { eventually, gateway, type World } from "./world.ts";

interface RawRecord {
  type: number;
  payload: Uint8Array;
}

export async function rawTypes(world: World, records: RawRecord[]): Promise<number[]> {
  const seen: number[] = [];
  const connection = await world.open();
  connection.open({ frame: (frame) => readFrame(frame, new RecordView(), ({ type }) => seen.push(type)), closed: () => {} });
  const writer = new FrameWriter((frame) => connection.send(frame), 1 << 20);
  for (const { type, payload } of records) writer.record({ type }, payload);
  writer.flush();
  await eventually("an answer", () => seen.includes(RecordType.pong) || seen.includes(RecordType.goodbye));
  connection.close();
  return seen;
}

export async function rawAnswer(world: World, records: RawRecord[]): Promise<unknown> {
  const answer = gateway<unknown>();
  const connection = await world.open();
  connection.open({
    frame: (frame) =>
      readFrame(frame, new RecordView(), (record) => {
        if (record.type === RecordType.goodbye) answer.resolve(GateError.fromWire(unpack(record.payload)));
      }),
    closed: () => {},
  });
  const writer = new FrameWriter((frame) => connection.send(frame), 1 << 20);
  for (const { type, payload } of records) writer.record({ type }, payload);
  writer.flush();
  const error = await answer.promise;
  connection.close();
  return error;
}

function unpack(payload: Uint8Array): unknown {
  return JSON.parse(JSON.stringify(unpackMessage(payload, "goodbye")));
}

export async function rawSession(
  world: World,
  { id, incarnation }: { id: string; incarnation: string },
  jobs?: { job: Job; sink: ReplySink }[],
): Promise<Session> {
  const opened = gateway();
  const session = new Session(await world.open(), {
    greeting: { hello: { version: 1, id, incarnation, agent: "test" } },
    handler: {
      job: (job, sink) => (jobs?.push({ job, sink }), { cancel: () => {}, resume: () => {} }),
      opened: () => opened.resolve(),
      closed: () => {},
    },
    clock: systemClock,
    maxRecordBytes: 1 << 20,
    maxJobs: 100,
    lostAfterBeats: 1000,
  });
  await opened.promise;
  return session;
}

/** A worker behind a link that can swallow what the gate sends, while everything it says itself goes through. */
export async function halfOpenWorker(
  world: World,
): Promise<{ jobs: { job: Job; sink: ReplySink }[]; swallow(isSwallowing: boolean): void }> {
  let isSwallowing = false;
  const { open } = world;
  const jobs: { job: Job; sink: ReplySink }[] = [];
  const relayed: World = Object.assign(Object.create(world) as World, {
    open: async () => {
      const connection = await open();
      const wrapped = Object.create(connection) as typeof connection;
      return Object.assign(wrapped, {
        open: (handler: Parameters<typeof connection.open>[0]) =>
          connection.open({ frame: (frame) => void (isSwallowing || handler.frame(frame)), closed: (error) => handler.closed(error) }),
        send: (frame: Uint8Array) => connection.send(frame),
        close: () => connection.close(),
        maxFrameBytes: connection.maxFrameBytes,
      });
    },
  });
  const session = await rawSession(relayed, { id: "half", incarnation: "1" }, jobs);
  session.serve({ capacity: 10, methods: [{ name: "s.run" }] });
  await eventually("it has joined", () => world.gate.status.workers().length === 1);
  return { jobs, swallow: (is) => (isSwallowing = is) };
}
