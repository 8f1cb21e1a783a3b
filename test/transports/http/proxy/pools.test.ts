import { expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate } from "./proxy-world.ts";

test("a proxied route is a pool: its servers with their requests, connections and state, in the gate's pools and its info", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const slow = await startServer((_request, response) => void held.then(() => response.end("done")));
  const dead = `http://127.0.0.1:${await freePort()}`;
  const { gate, url } = await openGate({
    proxy: [
      {
        path: "/users/*",
        methods: ["GET", "HEAD"],
        to: [{ url: slow.url, connections: 4 }, dead],
        health: { failures: 1, ejectFor: "1h" },
      },
    ],
  });
  const answers = [1, 2, 3].map(() => fetch(`${url}/users/1`).then((reply) => reply.text()));
  await eventuallyTrue("all run on the one that lives", () => gate.status.pools()[0]?.servers[0]?.calls === 3);
  const servers = [
    { address: slow.url, state: "ready", connections: 3, calls: 3, capacity: 4 },
    { address: dead, state: "down", connections: 0, calls: 0, capacity: 1024 },
  ];
  expect(gate.status.pools()).toEqual([{ name: "GET,HEAD /users/*", transport: "http", size: 1024, limit: 1024, servers, waiting: 0 }]);
  expect(gate.status.info().transports[0]?.details).toEqual({ upstreams: { "GET,HEAD /users/*": { size: 1024, limit: 1024, servers } } });
  release();
  expect(await Promise.all(answers)).toEqual(["done", "done", "done"]);
  await eventuallyTrue("nothing runs, and the connections stay for the next", () => {
    const [first] = gate.status.pools()[0]?.servers ?? [];
    return first?.calls === 0 && first.connections === 3;
  });
});

test("a door that proxies nothing has no pools", async () => {
  const { gate } = await openGate({});
  expect([gate.status.pools(), gate.status.info().transports[0]?.details]).toEqual([[], undefined]);
});
