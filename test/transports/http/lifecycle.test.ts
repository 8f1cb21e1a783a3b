import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { defineService, method } from "unigate";
import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { exchange, openHttpDoor } from "../../support/http-door.ts";

const megabytes = 12 * 1024 * 1024;
const service = defineService("l", {
  slow: () => wait(300, "done"),
  large: () => wait(100, Buffer.alloc(megabytes, "x")),
  beat: method({ http: "GET /beat" }, async function* () {
    for (;;) {
      yield 1;
      await wait(5);
    }
  }),
  hang: () => new Promise(() => {}),
});
const call = (target: string): string => `POST /call/${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`;

describe("a port that is in use", () => {
  it("fails the start with the address and the remedy", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const gate = createGate({ transports: [http({ port })] });
    await expect(gate.start()).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringMatching(new RegExp(`port ${port} on 127.0.0.1 is in use; stop the other program or .*http\\(\\{ port \\}\\)`)),
    });
  });
});

describe("a door that drains", () => {
  it("finishes what runs, ends its connection, and takes no new one", async () => {
    const { gate, port, url } = await openHttpDoor(service);
    const running = exchange(port, call("l.slow"), 3000);
    await eventuallyTrue("it runs", () => gate.status.info().jobs.open === 1);
    const drained = gate.drain();
    await wait(20);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    const { text, isClosed } = await running;
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(text).toMatch(/connection: close\r\n/i);
    expect([text.endsWith('"done"'), isClosed]).toEqual([true, true]);
    await drained;
  });

  it("says connection: close to a request on a connection that was kept", async () => {
    const { gate, port, url } = await openHttpDoor(service);
    const busy = fetch(`${url}/call/l.slow`, { method: "POST" });
    const kept = exchange(port, ["GET /health HTTP/1.1\r\nhost: x\r\n\r\n", "", "", call("l.slow")], 3000);
    // The kept connection is in the middle of its next request when the drain begins, so it is not idle.
    await eventuallyTrue("both run", () => gate.status.info().jobs.open === 2);
    await gate.drain();
    const { text } = await kept;
    expect(text.match(/connection: (keep-alive|close)/gi)?.map((header) => header.toLowerCase())).toEqual([
      "connection: keep-alive",
      "connection: close",
    ]);
    expect((await busy).status).toBe(200);
  });

  it("does not wait for idle connections that are kept alive", async () => {
    const { gate, port } = await openHttpDoor(service);
    const socket = connect(port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    const before = performance.now();
    await gate.drain();
    await closed;
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it("sends a large reply to its last byte, although its caller reads slowly", async () => {
    const { gate, port } = await openHttpDoor(service);
    const socket = connect(port, "127.0.0.1");
    let received = 0;
    socket.on("data", (data) => {
      received += data.length;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(call("l.large"));
    await eventuallyTrue("it runs", () => gate.status.info().jobs.open === 1);
    await gate.drain();
    await closed;
    expect(received).toBeGreaterThan(megabytes);
  });
});

describe("a door that closes", () => {
  it("fails what runs as unavailable, and cuts no answer", async () => {
    const { gate, url } = await openHttpDoor(service);
    const running = fetch(`${url}/call/l.hang`, { method: "POST" });
    await eventuallyTrue("it runs", () => gate.status.info().jobs.open === 1);
    await gate.close();
    const response = await running;
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ code: "unavailable" });
  });

  it("ends streams and gives up on a reader that does not read", async () => {
    const { gate, port } = await openHttpDoor(service);
    const stream = exchange(port, "GET /beat HTTP/1.1\r\nhost: x\r\n\r\n", 5000);
    const deaf = connect(port, "127.0.0.1").pause();
    deaf.on("error", () => {});
    deaf.write(call("l.large"));
    await eventuallyTrue("the reply has gone out", () => gate.status.info().jobs.completed === 1);
    const before = performance.now();
    await gate.close();
    expect(performance.now() - before).toBeLessThan(7000);
    expect((await stream).text).toContain('{"error":{"code":"unavailable"');
    deaf.destroy();
  });
});

describe("a caller that is slow to send", () => {
  it.each([
    ["head", "POST /call/l.slow HTTP/1.1\r\nhos"],
    ["body", "POST /call/l.slow HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nab"],
  ])("its %s is cut off with 408 after requestTimeout", async (_part, text) => {
    const { port } = await openHttpDoor(service, { http: { requestTimeout: 200 } });
    const answer = await exchange(port, text, 3000);
    expect([answer.text.slice(0, 28), answer.isClosed]).toEqual(["HTTP/1.1 408 Request Timeout", true]);
  });

  it("does not bring down a long answer: requestTimeout is over once the request is there", async () => {
    const { url } = await openHttpDoor(service, { http: { requestTimeout: 100 } });
    expect(await (await fetch(`${url}/call/l.slow`, { method: "POST" })).json()).toBe("done");
  });
});

describe("garbage after a request", () => {
  it("ends the connection, and is not answered inside the reply that is under way", async () => {
    const { port, gate } = await openHttpDoor(service);
    const { text, isClosed } = await exchange(port, ["GET /beat HTTP/1.1\r\nhost: x\r\n\r\n", "garbage\r\n\r\n"], 3000);
    expect(isClosed).toBe(true);
    expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
    await eventuallyTrue("its job has ended", () => gate.status.info().jobs.open === 0);
  });
});
