import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { parseDuration } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withClient } from "../connection.ts";
import { callGrpc } from "../grpc-call.ts";
import { UserError } from "../user-error.ts";

/** `gate call`: one call, its result or its stream on stdout. */
export const call: Command = defineCommand({
  name: "call",
  summary: "Calls Service.method and prints its result as JSON; a stream as one value per line.",
  positionals: [
    {
      name: "target",
      description: "Service.method; at a grpc:// URL also package.Service/Method of any server with reflection",
      isRequired: true,
    },
    { name: "arg", description: "JSON, or plain text when it is not; what follows -- is never an option", isMany: true },
  ],
  options: {
    args: {
      type: "string",
      alias: "d",
      description: "all arguments at once: a JSON array is positional, anything else one argument; @file and - read it",
      value: "JSON",
    },
    ...gateOptions,
    timeout: { type: "string", description: "give up after this time, such as 30s; default that of the route", value: "TIME" },
    header: { type: "string", description: "metadata for the handler; may be given several times", isMany: true, value: "KEY=VALUE" },
    async: { type: "boolean", description: "do not wait: print the job that the gate keeps; `gate jobs show ID` tells its result" },
    "idempotency-key": { type: "string", description: "with --async: submitting again under this key gives the same job", value: "KEY" },
    ...jsonOption,
  },
  examples: [
    "gate call counter.increment visitors 2",
    'gate call counter.increment --args \'{"name":"visitors"}\'',
    "gate call counter.watch visitors | head -3",
    "gate call mail.send you@example.com --async",
    'gate call echo.v1.Echo/Say --gate grpc://127.0.0.1:50051 -d \'{"text":"hi"}\'',
  ],
  async run(context) {
    const target = context.text("target") as string;
    const args = await readArguments(context.texts("arg"), context.text("args"));
    const metadata = parseHeaders(context.texts("header"));
    const timeout = parseTimeout(context.text("timeout"));
    if (context.isSet("async")) return await submit(context, target, args, { headers: metadata, timeout });
    if (target.includes("/")) return await callGrpc(context, target, args, { metadata, timeout });
    await withClient(context, async (client) => {
      const reply = client.call(target, args, { metadata, signal: context.signal, timeout });
      for await (const value of reply) {
        if (reply.isStream) await context.output.item(value);
        else context.output.result(value);
      }
    });
  },
});

async function submit(
  context: CommandContext,
  target: string,
  args: unknown[],
  { headers, timeout }: { headers: Record<string, string[]>; timeout: number },
): Promise<void> {
  const key = context.text("idempotency-key");
  const options = { headers, ...(timeout === 0 ? {} : { timeout }), ...(key === undefined ? {} : { idempotencyKey: key }) };
  const job = await withClient(context, async (client) => await client.call("Gate.submit", [target, args, options], { timeout: "10s" }));
  context.output.result(job);
}

async function readArguments(given: readonly string[], all: string | undefined): Promise<unknown[]> {
  if (all === undefined) return given.map(parseValue);
  if (given.length > 0) throw new UserError("arguments were given twice: after the target and with --args", "keep one of them");
  const value = parseValue(await readText(all));
  return Array.isArray(value) ? value : [value];
}

async function readText(source: string): Promise<string> {
  if (source === "-") return await readAll(process.stdin);
  if (!source.startsWith("@")) return source;
  try {
    return await readFile(source.slice(1), "utf8");
  } catch (error) {
    throw new UserError(`--args ${source} cannot be read: ${(error as Error).message}`, undefined, { cause: error });
  }
}

/** In ms; 0, which leaves it to the route, when nobody says. */
function parseTimeout(text: string | undefined): number {
  const ms = text === undefined ? 0 : parseDuration(text);
  if (ms === undefined) throw new UserError(`--timeout ${JSON.stringify(text)} is not a duration`, 'write one such as "30s"');
  return ms;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseHeaders(headers: readonly string[]): Record<string, string[]> {
  const metadata: Record<string, string[]> = {};
  for (const header of headers) {
    const equals = header.indexOf("=");
    if (equals < 1) throw new UserError(`--header ${JSON.stringify(header)} is not key=value`);
    (metadata[header.slice(0, equals)] ??= []).push(header.slice(equals + 1));
  }
  return metadata;
}
