import { WebSocket } from "ws";
import { expect, it } from "vitest";
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
