import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startGate } from "./gate.ts";
import { answer, message, rawCall, rawServer, rawSession } from "./raw-server.ts";

const status = { ok: 0, deadlineExceeded: 4, internal: 13, unavailable: 14 };
const head = { ":status": 200, "content-type": "application/grpc" };

/** How far the server gets before its fault. */
const stages: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  "before it answers": () => {},
  "after its headers": (stream) => stream.respond(head, { waitForTrailers: true }),
  "inside a message": (stream) => {
    stream.respond(head, { waitForTrailers: true });
    stream.write(message("a message").subarray(0, 8));
  },
  "before its trailers": (stream) => {
    stream.respond(head, { waitForTrailers: true });
    stream.write(message("a message"));
  },
};

/** What the server does then, and the status that its caller gets. */
const faults: Readonly<Record<string, { happens: (stream: ServerHttp2Stream) => void; code: number }>> = {
  "loses its connection": { happens: (stream) => (stream.session as ServerHttp2Session).socket.destroySoon(), code: status.unavailable },
  "is killed": { happens: (stream) => (stream.session as ServerHttp2Session).destroy(), code: status.unavailable },
  "resets the call": { happens: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), code: status.internal },
  "ends without a status": {
    happens(stream) {
      if (!stream.headersSent) stream.respond(head);
      stream.on("wantTrailers", () => stream.close());
      stream.end();
    },
    code: status.internal,
  },
};

/** A gate in front of one server whose first call goes as `first` says; every later one is answered. */
async function world(first: (stream: ServerHttp2Stream) => void): Promise<{
  call: (headers?: Record<string, string>) => ReturnType<typeof rawCall>;
  inFlight: () => number;
  opened: () => number;
}> {
  let calls = 0;
  const server = await rawServer({
    serve(stream) {
      stream.resume();
      if (calls++ === 0) first(stream);
      else answer(stream);
    },
  });
  const { address, gate } = await startGate({ upstreams: { "*": { to: server.address, pool: { connections: 1 } } } });
  const session = rawSession(address);
  return {
    call: (headers = {}) => rawCall(session, { headers }),
    inFlight: () => gate.status.workers().reduce((sum, worker) => sum + worker.inFlight, 0),
    opened: () => server.opened,
  };
}

/** Lets what has been written leave before `then`. */
function soon(then: () => void): void {
  setTimeout(then, 20);
}

describe.each(Object.entries(stages))("a server that, %s,", (_, reach) => {
  it.each(Object.entries(faults))("%s costs its caller that call and no other", async (_fault, { happens, code }) => {
    const { call, inFlight } = await world((stream) => {
      reach(stream);
      soon(() => happens(stream));
    });
    expect((await call()).status).toBe(code);
    expect(inFlight()).toBe(0);
    expect((await call()).status).toBe(status.ok);
  });

  it("hangs is given up at the caller's deadline, and hears of it", async () => {
    let reset: number | undefined;
    const { call, inFlight } = await world((stream) => {
      reach(stream);
      stream.on("close", () => (reset = stream.rstCode));
    });
    expect((await call({ "grpc-timeout": "100m" })).status).toBe(status.deadlineExceeded);
    await eventuallyTrue("the server hears it", () => reset === constants.NGHTTP2_CANCEL);
    await eventuallyTrue("nothing is in flight", () => inFlight() === 0);
    expect((await call()).status).toBe(status.ok);
  });

  it("says GOAWAY ends its calls well, and gets the next on another connection", async () => {
    let finish = (): void => {};
    const { call, opened } = await world((stream) => {
      reach(stream);
      (stream.session as ServerHttp2Session).goaway(constants.NGHTTP2_NO_ERROR, stream.id);
      finish = () => {
        if (!stream.headersSent) return answer(stream);
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end();
      };
    });
    const first = call();
    await eventuallyTrue("it says so", () => opened() === 1);
    let second: Awaited<ReturnType<typeof call>> | undefined;
    await eventuallyTrue("a call takes another connection", async () => {
      second = await call();
      return opened() === 2;
    });
    expect(second?.status).toBe(status.ok);
    finish();
    expect((await first).status).toBe(status.ok);
  });

  it("keeps its calls when their caller half-closes early", async () => {
    const { call } = await world((stream) => {
      reach(stream);
      stream.on("end", () => {
        if (!stream.headersSent) return answer(stream);
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end();
      });
    });
    expect((await call()).status).toBe(status.ok);
  });
});

describe("a call that its server has never seen", () => {
  it("runs elsewhere when the stream was refused", async () => {
    const refusing = await rawServer({ serve: (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM) });
    const serving = await rawServer({ serve: (stream) => answer(stream) });
    const { address } = await startGate({ upstreams: { "*": { to: [refusing.address, serving.address] } } });
    const session = rawSession(address);
    const replies = await Promise.all([1, 2, 3, 4].map(() => rawCall(session)));
    expect(replies.map((reply) => reply.status)).toEqual([status.ok, status.ok, status.ok, status.ok]);
    expect(refusing.asked.length).toBeGreaterThan(0);
  });
});
