import { callArguments, callOptions } from "../calling/call-arguments.ts";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withClient, withRunningGate } from "../calling/connection.ts";
import { callGrpc } from "../calling/grpc-call.ts";

/** `gate call`: one call, its result or its stream on stdout. */
export const call: Command = defineCommand({
  name: "call",
  summary: "Calls Service.method and prints its result as JSON; a stream as one value per line.",
  positionals: [
    {
      name: "target",
      description: "Service.method; at a grpc:// URL also package.Service/Method of any server with reflection",
      isRequired: true,
      completes: "targets",
    },
    { name: "arg", description: "JSON, or plain text when it is not; what follows -- is never an option", isMany: true },
  ],
  options: {
    args: { ...callOptions.args, alias: "d" },
    ...gateOptions,
    timeout: callOptions.timeout,
    header: callOptions.header,
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
  changesGate: () => true,
  async run(context) {
    const target = context.text("target") as string;
    const { args, metadata, timeout } = await callArguments(context);
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
  const job = await withRunningGate(
    context,
    async (client) => await client.call("Gate.submit", [target, args, options], { timeout: "10s" }),
  );
  context.output.result(job);
}
