import { connect, createWorker, defineService } from "unigate";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { WsConnection } from "../../../transports/http/ws-connection.ts";
import { open } from "./http-world.ts";

async function join(url: string, origin: string | undefined): Promise<string> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/link`, origin === undefined ? {} : { origin });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("open", () => resolve("open"));
  socket.once("error", (error) => resolve(error.message));
  const answer = await promise;
  socket.terminate();
  return answer;
}

it("a page of another site cannot open a link, a page of the gate's own host and a program can", async () => {
  const { url } = await open();
  expect(await join(url, undefined)).toBe("open");
  expect(await join(url, url)).toBe("open");
  expect(await join(url, "https://evil.example")).toContain("403");
});

it("a page that cors names may call over a link, and may serve nothing", async () => {
  const origin = "https://app.example";
  const { url } = await open({}, { cors: { origin: ["https://b.example", origin] } });
  expect([await join(url, origin), await join(url, "https://evil.example")]).toEqual(["open", expect.stringContaining("403")]);

  const client = connect(url, { open: () => openAs(url, origin) });
  onTestFinished(() => client.close());
  expect(await client.call("t.value", ["hi"])).toBe("hi");
  const worker = createWorker({ services: [defineService("mine", { f: () => 1 })], open: () => openAs(url, origin) });
  onTestFinished(() => worker.close());
  await expect(worker.start()).rejects.toMatchObject({
    code: "permission_denied",
    message: "the key of a page of another origin may call and admin, not work",
  });
});

async function openAs(url: string, origin: string): Promise<WsConnection> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/link`, { origin });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return new WsConnection(socket, url, 1024 * 1024);
}
