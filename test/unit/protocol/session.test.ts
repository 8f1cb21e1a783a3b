import { createMemoryPair, Job } from "unigate/transport";
import { afterEach, expect, it } from "vitest";
import { FrameWriter } from "../../../src/protocol/frame-writer.ts";
import { protocolVersion } from "../../../src/protocol/record.ts";
import { Session } from "../../../src/transport/session.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { RecordingSink } from "../../support/recording-sink.ts";

const open: Session[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

/** Time for frames to cross: they leave with `setImmediate` and arrive in a turn of their own. */
async function crossed(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Two sessions that face each other; the peer answers every job with its own payload. `inject` puts bytes into the gate's ear. */
async function createSessions(): Promise<{
  gate: Session;
  closings: (string | undefined)[];
  inject: (write: (writer: FrameWriter) => void) => void;
}> {
  const [gateEnd, peerEnd] = createMemoryPair();
  const rest = { clock: new ManualClock(), maxRecordBytes: 1 << 20, maxJobs: 100, lostAfterBeats: 10 };
  const closings: (string | undefined)[] = [];
  const idle = { cancel: (): void => {}, resume: (): void => {} };
  const gate = new Session(gateEnd, {
    ...rest,
    greeting: { welcome: () => ({ version: protocolVersion, session: "s", gate: "g", heartbeatMs: 1000, maxRecordBytes: 1 << 20 }) },
    handler: { job: () => idle, closed: (error) => closings.push(error?.message) },
  });
  const peer = new Session(peerEnd, {
    ...rest,
    greeting: { hello: { version: protocolVersion, id: "p", incarnation: "1", agent: "test" } },
    handler: {
      job: (job, sink) => {
        sink.end(Uint8Array.from(job.payload));
        return idle;
      },
      closed: () => {},
    },
  });
  open.push(gate, peer);
  await crossed();
  const inject = (write: (writer: FrameWriter) => void): void => {
    const writer = new FrameWriter((frame) => peerEnd.send(frame), 1 << 20);
    write(writer);
    writer.flush();
  };
  return { gate, closings, inject };
}

function echo(gate: Session): RecordingSink {
  const sink = new RecordingSink();
  gate.send(new Job({ target: "S.m", payload: Buffer.from("hello"), contentType: "text/plain" }), sink);
  return sink;
}

it("a session passes over records of a type that it does not know, and goes on", async () => {
  const { gate, closings, inject } = await createSessions();
  inject((writer) => {
    for (let type = 15; type < 256; type++) writer.record({ type, job: 1, flags: 0 }, Buffer.from("from a newer peer"));
  });
  await crossed();
  const sink = echo(gate);
  await crossed();
  expect([sink.value, closings]).toEqual(["hello", []]);
});

it("a malformed frame ends its session with the reason, and touches no other session", async () => {
  const [one, other] = [await createSessions(), await createSessions()];
  const lost = echo(one.gate);
  one.inject((writer) => writer.record({ type: 4, job: 7, route: 99 }, Buffer.from("no such route")));
  await crossed();
  expect(one.closings).toEqual(["malformed job record: route number 99 was not declared"]);
  expect([lost.ends, lost.breaches]).toEqual([1, []]);
  const sink = echo(other.gate);
  await crossed();
  expect([sink.value, other.closings]).toEqual(["hello", []]);
});

it("answers to a number that is no job's are dropped", async () => {
  const { gate, closings, inject } = await createSessions();
  inject((writer) => {
    for (const type of [5, 6, 7, 9]) for (const job of [0, 1, 0xffff_ffff]) writer.record({ type, job, value: 5 }, Buffer.from("late"));
  });
  await crossed();
  const sink = echo(gate);
  await crossed();
  expect([sink.value, sink.ends, closings]).toEqual(["hello", 1, []]);
});

it("a piece of input that is too large for the link fails its own job, and the session goes on", async () => {
  const { gate, closings } = await createSessions();
  const sink = new RecordingSink();
  const job = new Job({ target: "S.m", payload: Buffer.from("hello"), contentType: "text/plain", streamsInput: true });
  const control = gate.send(job, sink);
  expect(control.input?.(Buffer.alloc(2 << 20))).toBe(true);
  expect([sink.error?.code, sink.ends]).toEqual(["resource_exhausted", 1]);
  const other = echo(gate);
  await crossed();
  expect([other.value, sink.breaches, closings, gate.sentJobs]).toEqual(["hello", [], [], 0]);
});
