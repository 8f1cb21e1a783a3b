import { Metadata } from "@grpc/grpc-js";
import { currentJob, defineService } from "unigate";
import { GateError } from "unigate/client";
import { beforeAll, describe, expect, it } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { collect, grpcClient, type LooseClient, unary } from "./grpc-client.ts";
import { nativeWorld } from "./native-world.ts";

const kitchen = new URL("protos/kitchen.proto", import.meta.url).pathname;
const decoder = new TextDecoder();

interface Line {
  text: string;
  number: number;
}

const seen: { dish?: unknown; isClosed: boolean; read: number } = { isClosed: false, read: 0 };
let open = Promise.withResolvers<void>();

const service = defineService("Kitchen", {
  cook: (dish: Record<string, unknown>) => {
    seen.dish = dish;
    return dish;
  },
  say: ({ text, number }: Line) => {
    if (text === "fail") throw new GateError("already_exists", "said before");
    if (text === "wrong") return { number: "many" };
    if (text === "more") return { text, unknownToTheProto: 1 };
    return { text: `${text} ${currentJob().metadata.get("x-name") ?? ""}`, number };
  },
  async *count({ number }: Line) {
    try {
      for (let at = 1; at <= number; at++) yield { text: "x".repeat(1000), number: at };
    } finally {
      seen.isClosed = true;
    }
  },
  collect: async () => {
    await open.promise;
    let number = 0;
    const texts: string[] = [];
    for await (const chunk of currentJob().input) {
      const line = JSON.parse(decoder.decode(chunk)) as Line;
      number += line.number;
      seen.read++;
      if (texts.length < 3) texts.push(line.text);
    }
    return { text: texts.join(","), number };
  },
  async *chat() {
    for await (const chunk of currentJob().input) {
      const { text, number } = JSON.parse(decoder.decode(chunk)) as Line;
      yield { text: `re: ${text}`, number };
    }
  },
  ping: () => undefined,
});

async function world(): Promise<LooseClient> {
  const { url } = await nativeWorld(service, { port: { protos: await loadProtos([kitchen]) } });
  const client = grpcClient(url, kitchen, "kitchen.v1.Kitchen");
  return client;
}

beforeAll(() => open.resolve());

describe("a gRPC client of a .proto, and a worker that knows none of it", () => {
  it("reaches the method by its short name, with metadata, and gets its answer", async () => {
    const client = await world();
    const metadata = new Metadata();
    metadata.set("x-name", "Ada");
    expect(await unary(client, "Say", { text: "hello", number: 7 }, metadata)).toEqual({ text: "hello Ada", number: 7 });
    expect(await unary(client, "Ping", {})).toEqual({});
  });

  it("gives the worker the proto3 JSON of every kind of field, and takes it back without loss", async () => {
    const client = await world();
    const dish = {
      name: "soup",
      big: "-9007199254740993",
      ubig: "18446744073709551615",
      raw: Buffer.from([0, 1, 254, 255]),
      course: "COURSE_DESSERT",
      amount: 2.5,
      at: { seconds: "1700000000", nanos: 5_000_000 },
      takes: { seconds: "90", nanos: 500_000_000 },
      maybe: { value: "0" },
      mask: { paths: ["name", "steps_by_name"] },
      extra: { type_url: "type.googleapis.com/kitchen.v1.Line", value: Buffer.from([0x0a, 1, 0x61]) },
      notes: { fields: { spicy: { boolValue: true } } },
      steps_by_name: { first: { text: "cut", sub_steps: [{ text: "wash", sub_steps: [] }] } },
      courses: { 3: "COURSE_MAIN" },
      numbers: [1, -2, 3],
      nick_name: "",
      shelf: { height: 2, kinds: ["KIND_WOOD"] },
      renamed: "x",
      zigzag: -5,
      fixed: "12345678901234567890",
      half: 0.5,
      tags: ["a", "b"],
    };
    const reply = await unary<Record<string, unknown>>(client, "Cook", dish);
    expect(seen.dish).toMatchObject({
      name: "soup",
      big: "-9007199254740993",
      ubig: "18446744073709551615",
      raw: "AAH+/w==",
      course: "COURSE_DESSERT",
      amount: 2.5,
      at: "2023-11-14T22:13:20.005Z",
      takes: "90.500s",
      maybe: "0",
      mask: "name,stepsByName",
      extra: { "@type": "type.googleapis.com/kitchen.v1.Line", text: "a" },
      notes: { spicy: true },
      stepsByName: { first: { text: "cut", subSteps: [{ text: "wash" }] } },
      courses: { 3: "COURSE_MAIN" },
      numbers: [1, -2, 3],
      nickName: "",
      shelf: { height: 2, kinds: ["KIND_WOOD"] },
      otherName: "x",
      zigzag: -5,
      fixed: "12345678901234567890",
      half: 0.5,
      tags: ["a", "b"],
    });
    expect(reply).toMatchObject({ ...dish, notes: { fields: { spicy: { boolValue: true, kind: "boolValue" } } } });
  });

  it("hears a handler's error, and internal for an answer that is not its message", async () => {
    const client = await world();
    await expect(unary(client, "Say", { text: "fail" })).rejects.toMatchObject({ code: 6, details: "said before" });
    await expect(unary(client, "Say", { text: "wrong" })).rejects.toMatchObject({
      code: 13,
      details: expect.stringContaining("kitchen.v1.Line"),
    });
    expect(await unary(client, "Say", { text: "more" })).toEqual({ text: "more", number: 0 });
  });

  it("reads a stream of the worker, and cancels it when it leaves", async () => {
    const client = await world();
    const lines = await collect<Line>(client["Count"]({ number: 300 }));
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    seen.isClosed = false;
    const stream = client["Count"]({ number: 1_000_000_000 });
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    await eventuallyTrue("the generator is closed", () => seen.isClosed);
  });

  it("streams to a worker, in order and whole, and is held up while the worker does not read", async () => {
    const client = await world();
    open = Promise.withResolvers();
    seen.read = 0;
    const total = 3000;
    let written = 0;
    const reply = new Promise<Line>((resolve, reject) => {
      const call = client["Collect"]((error: Error | null, line: Line) => (error === null ? resolve(line) : reject(error)));
      const pump = (): void => {
        while (written < total)
          if (!call.write({ text: `${written}`.padEnd(2000, "."), number: written++ })) return void call.once("drain", pump);
        call.end();
      };
      pump();
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(total);
    open.resolve();
    expect(await reply).toMatchObject({ number: (total * (total - 1)) / 2 });
    expect(seen.read).toBe(total);
  });

  it("talks with a worker in both directions, message by message", async () => {
    const client = await world();
    const chat = client["Chat"]();
    const replies = chat[Symbol.asyncIterator]();
    for (let at = 0; at < 5; at++) {
      chat.write({ text: "hi", number: at });
      expect((await replies.next()).value).toEqual({ text: "re: hi", number: at });
    }
    chat.end();
    expect((await replies.next()).done).toBe(true);
  });

  it("hears that nobody serves the method", async () => {
    const { url } = await nativeWorld(defineService("other", { a: () => 1 }), { port: { protos: await loadProtos([kitchen]) } });
    await expect(unary(grpcClient(url, kitchen, "kitchen.v1.Kitchen"), "Say", {})).rejects.toMatchObject({
      code: 5,
      details: expect.stringContaining("Kitchen.say"),
    });
  });
});
