import { Metadata } from "@grpc/grpc-js";
import { currentJob, defineService } from "unigate";
import { GateError } from "unigate/client";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { collect, grpcClient, type LooseClient, unary } from "./grpc-client.ts";
import { nativeWorld } from "./native-world.ts";

const proto = new URL("../../../../transports/grpc/gate.proto", import.meta.url).pathname;

const seen = { isClosed: false };
const service = defineService("t", {
  add: (a: number, b: number) => a + b,
  nothing: () => undefined,
  metadata: () =>
    Object.fromEntries([...currentJob().metadata].map(([key, value]) => [key, typeof value === "string" ? value : [...value]])),
  head: () => {
    currentJob().head({ "x-worker": "w", "x-raw-bin": new Uint8Array([1, 2, 255]) });
    return 1;
  },
  left: () => currentJob().timeLeft(),
  fail: () => {
    throw new GateError("failed_precondition", "not today: 100 % ünmöglich", { details: { until: "tomorrow", tries: [1, 2] } });
  },
  sleep: () => new Promise(() => {}),
  async *count(to: number) {
    for (let at = 1; at <= to; at++) yield at;
  },
  async *endless() {
    try {
      for (let at = 0; ; at++) {
        yield "x".repeat(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      seen.isClosed = true;
    }
  },
});

async function world(): Promise<LooseClient> {
  const { url } = await nativeWorld(service);
  return grpcClient(url, proto, "gate.v1.Gate");
}

const call = (target: string, ...args: unknown[]): object => ({ target, payload: Buffer.from(JSON.stringify(args)) });
const valueOf = ({ payload }: { payload: Buffer }): unknown => (payload.length === 0 ? undefined : JSON.parse(payload.toString()));

describe("Call, by a client made from gate.proto", () => {
  it("brings a JSON payload to a worker and its answer back", async () => {
    const client = await world();
    expect(valueOf(await unary(client, "Call", call("t.add", 2, 3)))).toBe(5);
    expect(valueOf(await unary(client, "Call", call("t.nothing")))).toBeUndefined();
  });

  it("carries metadata both ways, bytes included", async () => {
    const client = await world();
    const metadata = new Metadata();
    metadata.set("x-trace", "abc");
    metadata.set("x-raw-bin", Buffer.from([0, 1, 254]));
    expect(valueOf(await unary(client, "Call", call("t.metadata"), metadata))).toMatchObject({
      "x-trace": "abc",
      "x-raw-bin": [0, 1, 254],
    });
    const head = await new Promise<Metadata>((resolve) => client["Call"](call("t.head"), () => {}).on("metadata", resolve));
    expect(head.get("x-worker")).toEqual(["w"]);
    expect(head.get("x-raw-bin")).toEqual([Buffer.from([1, 2, 255])]);
  });

  it("tells a handler's error with its code, its message and its details", async () => {
    const client = await world();
    const error = await unary(client, "Call", call("t.fail")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 9, details: "not today: 100 % ünmöglich" });
    const [details] = (error as { metadata: Metadata }).metadata.get("grpc-status-details-bin");
    expect(details!.toString()).toContain("tomorrow");
  });

  it("refuses what is no target, and one that nobody serves", async () => {
    const client = await world();
    await expect(unary(client, "Call", call("no target"))).rejects.toMatchObject({ code: 3 });
    await expect(unary(client, "Call", call("none.there"))).rejects.toMatchObject({ code: 5 });
  });

  it("gives the job the caller's deadline", async () => {
    const client = await world();
    const left = valueOf(await unary(client, "Call", call("t.left"), { deadline: Date.now() + 5000 })) as number;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5000);
    await expect(unary(client, "Call", call("t.sleep"), { deadline: Date.now() + 50 })).rejects.toMatchObject({ code: 4 });
  });

  it("fails as failed_precondition for a method that streams", async () => {
    const client = await world();
    await expect(unary(client, "Call", call("t.count", 3))).rejects.toMatchObject({ code: 9 });
  });
});

describe("CallStream", () => {
  it("brings every value of a stream, and the one value of any other method", async () => {
    const client = await world();
    expect((await collect<{ payload: Buffer }>(client["CallStream"](call("t.count", 3)))).map(valueOf)).toEqual([1, 2, 3]);
    expect((await collect<{ payload: Buffer }>(client["CallStream"](call("t.add", 1, 1)))).map(valueOf)).toEqual([2]);
  });

  it("cancels the job when its caller leaves", async () => {
    seen.isClosed = false;
    const client = await world();
    const stream = client["CallStream"](call("t.endless"));
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    await eventuallyTrue("the generator is closed", () => seen.isClosed);
  });
});

describe("Discover", () => {
  it("names the services with their methods", async () => {
    const client = await world();
    const { services } = await unary<{ services: { name: string; workers: number; methods: { name: string }[] }[] }>(
      client,
      "Discover",
      {},
    );
    expect(services).toMatchObject([{ name: "t", workers: 1 }]);
    expect(services[0]!.methods.map(({ name }) => name)).toContain("t.add");
  });
});
