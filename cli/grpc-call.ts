import type { CommandContext } from "./command.ts";
import { Metadata, type MetadataInit } from "unigate/transport";
import { UserError } from "./user-error.ts";

/** `gate call package.Service/Method`: the server at a grpc:// URL tells its messages by reflection, as with grpcurl. */
export async function callGrpc(
  { text, output, signal }: CommandContext,
  target: string,
  args: readonly unknown[],
  { metadata, timeout }: { metadata: MetadataInit; timeout: number },
): Promise<void> {
  const url = URL.parse(text("gate") ?? process.env["GATE_URL"] ?? "");
  if (url?.protocol !== "grpc:" && url?.protocol !== "grpcs:")
    throw new UserError(
      `${target} is a method of a gRPC server`,
      "name the server: --gate grpc://127.0.0.1:50051, or write Service.method",
    );
  const { callByReflection } = await import("unigate/grpc");
  // What the command line parsed is JSON, or text.
  const messages = args.length === 0 ? [{}] : (args as Parameters<typeof callByReflection>[2]);
  const call = await callByReflection(url, target, messages, { metadata: Metadata.from(metadata), timeoutMs: timeout, signal });
  try {
    for await (const value of call.values) {
      if (call.isStream) await output.item(value);
      else output.result(value);
    }
  } finally {
    call.close();
  }
}
