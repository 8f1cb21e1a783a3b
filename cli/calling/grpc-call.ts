import type { CommandContext } from "../command.ts";
import { defaultGateKey, GateError, Metadata, type MetadataInit, type ServiceStatus } from "unigate/transport";
import { UserError } from "../user-error.ts";

/** `gate call package.Service/Method`: the server at a grpc:// URL tells its messages by reflection, as with grpcurl. */
export async function callGrpc(
  { gate, output, signal }: CommandContext,
  target: string,
  args: readonly unknown[],
  { metadata, timeout }: { metadata: MetadataInit; timeout: number },
): Promise<void> {
  const { url: address, key } = gate();
  const url = URL.parse(address);
  if (url?.protocol !== "grpc:" && url?.protocol !== "grpcs:")
    throw new UserError(
      `${target} is a method of a gRPC server`,
      "name the server: --gate grpc://127.0.0.1:50051, or write Service.method",
    );
  const { callByReflection } = await import("unigate/grpc");
  // What the command line parsed is JSON, or text.
  const messages = args.length === 0 ? [{}] : (args as Parameters<typeof callByReflection>[2]);
  const call = await callByReflection(url, target, messages, {
    metadata: withKey(Metadata.from(metadata), key ?? defaultGateKey()),
    timeoutMs: timeout,
    signal,
  });
  try {
    for await (const value of call.values) {
      if (call.isStream) await output.item(value);
      else output.result(value);
    }
  } finally {
    call.close();
  }
}

/** The services of the gRPC server at a grpc:// URL, by its reflection; undefined where a gate is to be asked. */
export async function listGrpc({ gate, signal }: CommandContext): Promise<ServiceStatus[] | undefined> {
  const { url: address, key } = gate();
  const url = URL.parse(address);
  if (url?.protocol !== "grpc:" && url?.protocol !== "grpcs:") return undefined;
  const { listByReflection } = await import("unigate/grpc");
  const metadata = withKey(Metadata.empty, key ?? defaultGateKey());
  return await listByReflection(url, { metadata, timeoutMs: 10_000, signal }).catch((error: unknown) => {
    const { code } = GateError.from(error);
    if (code !== "unimplemented") throw error;
    throw new GateError(code, `the server at ${address} is no gate and has no reflection: nobody tells what it serves`, { cause: error });
  });
}

/** A gate takes the key where HTTP has it; what the caller wrote itself goes before. */
function withKey(metadata: Metadata, key: string | undefined): Metadata {
  if (key === undefined || metadata.get("authorization") !== undefined) return metadata;
  return metadata.with({ authorization: `Bearer ${key}` });
}
