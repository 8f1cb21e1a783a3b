import { fifo, leastConnections, roundRobin } from "unigate";
import { createGate } from "unigate/gate";
import type { GateHost, Transport } from "unigate/transport";
import { expect, onTestFinished, test } from "vitest";

test("a door brings routes for its targets along, and the config's own hold against them", async () => {
  const { promise: host, resolve } = Promise.withResolvers<GateHost>();
  const door: Transport = {
    name: "own",
    start: (gate) => (resolve(gate), Promise.resolve({ addresses: [], drain: () => Promise.resolve(), close: () => Promise.resolve() })),
  };
  const config = { transports: [door], routes: { "b.fetch": { strategy: fifo() } } };
  const gate = createGate(config);
  await gate.start();
  onTestFinished(() => gate.close());
  const strategies = (): string[] => ["a.fetch", "b.fetch"].map((target) => gate.status.explain(target).strategy);
  (await host).setRoutes("own", { "a.fetch": { strategy: leastConnections() }, "b.fetch": { strategy: leastConnections() } });
  expect(strategies()).toEqual(["leastConnections", "fifo"]);
  gate.reload(config);
  expect(strategies()).toEqual(["leastConnections", "fifo"]);
  (await host).setRoutes("own", { "b.fetch": { strategy: roundRobin() } });
  expect(strategies()).toEqual(["roundRobin", "fifo"]);
});
