import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import type { Transport } from "unigate/transport";
import { expect, it, onTestFinished } from "vitest";

function guest(seen: string[]): Transport {
  return {
    name: "guest",
    start: async () => ({
      addresses: [{ url: "guest:1", purpose: "guests" }],
      drain: async () => void seen.push("drain"),
      close: async () => void seen.push("close"),
    }),
  };
}

it("a door that is opened later stays across a reload and closes with its gate", async () => {
  const transports = [http({ port: 0 })];
  const gate = createGate({ settle: 0, transports });
  onTestFinished(() => gate.close());
  await gate.start();
  const seen: string[] = [];
  await gate.open(guest(seen));
  await gate.reload({ settle: 0, transports: [http({ port: 0, control: "/moved" })] });
  expect([gate.addresses.map(({ transport }) => transport), seen]).toEqual([["http", "guest"], []]);
  await gate.close();
  expect(seen).toEqual(["close"]);
});

it("a door with a fault is refused with every fault of it, and none opens on a gate that is closed", async () => {
  const gate = createGate({ settle: 0, transports: [http({ port: 0 })] });
  await gate.start();
  await expect(gate.open(http({ port: -1, bodyLimit: "much" }))).rejects.toThrow(/http has 2 faults:\n {2}port: .*\n {2}bodyLimit: /);
  await gate.close();
  await expect(gate.open(guest([]))).rejects.toMatchObject({ code: "failed_precondition" });
});
