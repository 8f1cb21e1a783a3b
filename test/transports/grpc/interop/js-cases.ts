import { type ClientDuplexStream, compressionAlgorithms, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect } from "vitest";
import { collect, type LooseClient, unary } from "../native/grpc-client.ts";

/** The clients that the cases need. */
export interface Clients {
  test: LooseClient;
  /** The same with messages that are packed. */
  packed: LooseClient;
  nowhere: LooseClient;
}

interface Reply {
  payload: { body: Buffer };
}
type Duplex = ClientDuplexStream<unknown, Reply>;

const special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
/** Options of a grpc-js channel that packs its messages. */
export const packing: Readonly<Record<string, number>> = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };

/** gRPC's interoperability cases, by grpc-js; each throws when it fails. Source: grpc/doc/interop-test-descriptions.md. */
export const cases: Readonly<Record<string, (clients: Clients) => Promise<void>>> = {
  async empty_unary({ test }) {
    expect(await unary(test, "EmptyCall", {})).toEqual({});
  },
  async large_unary({ test }) {
    expect(sizeOf(await unary(test, "UnaryCall", simple(314_159, 271_828)))).toBe(314_159);
  },
  async client_streaming({ test }) {
    const reply = new Promise((resolve, reject) => {
      const call = test["StreamingInputCall"]((error: unknown, value: unknown) => (error === null ? resolve(value) : reject(error)));
      for (const size of [27_182, 8, 1828, 45_904]) call.write({ payload: { body: Buffer.alloc(size) } });
      call.end();
    });
    expect(await reply).toEqual({ aggregated_payload_size: 74_922 });
  },
  async server_streaming({ test }) {
    const sizes = [31_415, 9, 2653, 58_979];
    const replies = await collect<Reply>(test["StreamingOutputCall"]({ response_parameters: sizes.map((size) => ({ size })) }));
    expect(replies.map(sizeOf)).toEqual(sizes);
  },
  async ping_pong({ test }) {
    const call = test["FullDuplexCall"]() as Duplex;
    for (const [size, body] of [
      [31_415, 27_182],
      [9, 8],
      [2653, 1828],
      [58_979, 45_904],
    ] as const) {
      call.write(output(size, body));
      expect(sizeOf(await first(call))).toBe(size);
    }
    call.end();
    expect(await ended(call)).toBe(status.OK);
  },
  async empty_stream({ test }) {
    const call = test["FullDuplexCall"]() as Duplex;
    call.end();
    expect(await collect(call)).toEqual([]);
  },
  async cancel_after_begin({ test }) {
    const failure = failureOf((done) => test["StreamingInputCall"](done).cancel());
    expect(await failure).toMatchObject({ code: status.CANCELLED });
  },
  async cancel_after_first_response({ test }) {
    const call = test["FullDuplexCall"]() as Duplex;
    call.write(output(31_415, 27_182));
    expect(sizeOf(await first(call))).toBe(31_415);
    call.cancel();
    expect(await ended(call)).toBe(status.CANCELLED);
  },
  async timeout_on_sleeping_server({ test }) {
    const call = test["FullDuplexCall"]({ deadline: Date.now() + 50 }) as Duplex;
    call.write(output(31_415, 27_182, 500_000));
    expect(await ended(call)).toBe(status.DEADLINE_EXCEEDED);
  },
  async status_code_and_message({ test }) {
    const echo = { code: 2, message: "test status message" };
    const wanted = { code: status.UNKNOWN, details: echo.message };
    await expect(unary(test, "UnaryCall", { response_status: echo })).rejects.toMatchObject(wanted);
    const call = test["FullDuplexCall"]() as Duplex;
    call.write({ response_status: echo });
    call.end();
    await expect(collect(call)).rejects.toMatchObject(wanted);
  },
  async special_status_message({ test }) {
    const wanted = { code: status.UNKNOWN, details: special };
    await expect(unary(test, "UnaryCall", { response_status: { code: 2, message: special } })).rejects.toMatchObject(wanted);
  },
  async unimplemented_method({ test }) {
    await expect(unary(test, "UnimplementedCall", {})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  },
  async unimplemented_service({ nowhere }) {
    await expect(unary(nowhere, "UnimplementedCall", {})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  },
  async custom_metadata({ test }) {
    const metadata = new Metadata();
    metadata.set("x-grpc-test-echo-initial", "test_initial_metadata_value");
    metadata.set("x-grpc-test-echo-trailing-bin", Buffer.of(0xab, 0xab, 0xab));
    const one = test["UnaryCall"](simple(314_159, 271_828), metadata, () => {});
    expect(await echoed(one)).toEqual(["test_initial_metadata_value", "ababab"]);
    const call = test["FullDuplexCall"](metadata) as Duplex;
    call.resume();
    call.write(output(314_159, 271_828));
    call.end();
    expect(await echoed(call)).toEqual(["test_initial_metadata_value", "ababab"]);
  },
  async compressed({ packed }) {
    const request = { ...simple(314_159, 271_828), response_compressed: { value: true } };
    expect(sizeOf(await unary(packed, "UnaryCall", request))).toBe(314_159);
  },
};

function simple(size: number, body: number): object {
  return { response_size: size, payload: { body: Buffer.alloc(body) } };
}

function output(size: number, body: number, micros = 0): object {
  return { response_parameters: [{ size, interval_us: micros }], payload: { body: Buffer.alloc(body) } };
}

function sizeOf({ payload }: Reply): number {
  return payload.body.length;
}

function first(call: Duplex): Promise<Reply> {
  return new Promise((resolve, reject) => {
    call.once("error", reject);
    call.once("data", (reply: Reply) => {
      call.off("error", reject);
      resolve(reply);
    });
  });
}

function ended(call: Duplex): Promise<number> {
  call.on("error", () => {});
  call.resume();
  return new Promise((resolve) => call.once("status", ({ code }) => resolve(code)));
}

function failureOf(call: (done: (error: ServiceError | null) => void) => void): Promise<ServiceError | null> {
  return new Promise((resolve) => call(resolve));
}

async function echoed(call: Duplex): Promise<string[]> {
  const [head, end] = await Promise.all([
    new Promise<Metadata>((resolve) => call.once("metadata", resolve)),
    new Promise<{ metadata: Metadata }>((resolve) => call.once("status", resolve)),
  ]);
  const [initial = "none"] = head.get("x-grpc-test-echo-initial");
  const [trailing = "none"] = end.metadata.get("x-grpc-test-echo-trailing-bin");
  return [String(initial), Buffer.from(trailing).toString("hex")];
}
