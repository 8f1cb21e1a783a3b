import { http, type ProxyRoute } from "unigate/http";
import { expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate } from "./proxy-world.ts";

test("a reload with other proxied routes takes the old servers out, and lets their running requests end", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const old = await startServer((_request, response) => void held.then(() => response.end("old")));
  const young = await startServer((_request, response) => response.end("young"));
  const port = await freePort();
  const routes = (to: string): ProxyRoute[] => [{ path: "/x/*", to, name: "x" }];
  const { gate, url } = await openGate({ port, proxy: routes(old.url) });
  const first = fetch(`${url}/x/1`);
  await eventuallyTrue("it runs", () => gate.status.workers().some(({ inFlight }) => inFlight === 1));
  await gate.reload({ settle: 0, transports: [http({ port, proxy: routes(young.url) })] });
  expect(await (await fetch(`${url}/x/2`)).text()).toBe("young");
  const servers = gate.status.workers().filter(({ transport }) => transport === "http");
  expect(servers.map(({ address }) => address)).toEqual([young.url]);
  release();
  expect(await (await first).text()).toBe("old");
});
