import { type AddressInfo, createServer } from "node:net";
import { defineService } from "unigate";
import { createFetchHandler } from "unigate/fetch";
import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { json } from "../http-world.ts";
import { ask, handlerOf, post, waiting } from "./fetch-world.ts";

describe("a fetch handler", () => {
  it("tells every fault of its config and its options at once, before any request", () => {
    expect(() => createFetchHandler({ heartbeat: "often", lostAfter: 1 })).toThrow(/2 faults:\n {2}heartbeat: .*\n {2}lostAfter: /);
    expect(() => createFetchHandler({}, { bodyLimit: "much", port: 9000 } as object)).toThrow(
      /createFetchHandler\(\) has 2 faults:\n {2}bodyLimit: .*\n {2}port: is not a known option/,
    );
  });

  it("tells callers that its gate cannot open, and tries again at the next request", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    const handle = handlerOf({ transports: [http({ port })] });
    const refused = await handle(ask("/health"));
    expect([refused.status, await refused.json()]).toMatchObject([503, { detail: expect.stringContaining(`HTTP port ${port}`) }]);
    await new Promise((resolve) => squatter.close(resolve));
    expect((await handle(ask("/health"))).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  it("finishes what runs when it drains, and then refuses", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let isRunning = false;
    const slow = defineService("s", {
      wait: () => {
        isRunning = true;
        return promise;
      },
    });
    const handle = handlerOf({}, { services: [slow] });
    const answer = handle(post("/call/s.wait", []));
    await eventuallyTrue("the job runs", () => isRunning);
    const drained = handle.drain();
    expect((await handle(ask("/health"))).status).toBe(503);
    resolve("done");
    expect(await (await answer).json()).toBe("done");
    await drained;
  });

  it("fails what runs when it closes", async () => {
    waiting.isWaiting = false;
    const handle = handlerOf();
    const answer = handle(post("/call/t.wait", []));
    await eventuallyTrue("the job runs", () => waiting.isWaiting);
    await handle.close();
    expect((await answer).status).toBe(503);
  });

  it("stands beside the other doors of a gate that runs, and leaves it running", async () => {
    const gate = createGate({ settle: 0, transports: [http({ port: 0 })] });
    await gate.start();
    onTestFinished(() => gate.close());
    const greeter = defineService("greeter", { hello: (name: string) => `Hello, ${name}` });
    const handle = createFetchHandler(gate, { services: [greeter] });
    expect(await (await handle(post("/call/greeter.hello", ["Ada"]))).json()).toBe("Hello, Ada");
    const { url } = gate.addresses[0]!;
    const over = (): Promise<Response> => fetch(`${url}/call/greeter.hello`, json(["Bob"]));
    expect(await (await over()).json()).toBe("Hello, Bob");
    await handle.close();
    expect((await handle(ask("/health"))).status).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
