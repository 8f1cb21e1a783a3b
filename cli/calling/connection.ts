import { type Client, connect, GateError } from "unigate/client";
import { shownUrl } from "unigate/transport";
import type { CommandContext } from "../command.ts";
import type { GateAddress } from "../contexts/gate-address.ts";
import { UserError } from "../user-error.ts";

/** Connects to the gate that the command names, and closes the link when `work` is done. */
export async function withClient<Result>(context: CommandContext, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = open(context.gate());
  const wait = tellOfWait(context, client);
  try {
    return await work(client);
  } finally {
    clearTimeout(wait);
    await client.close();
  }
}

/** In a terminal, whoever waits for a gate that does not answer is told so after a second; the error comes after five. */
function tellOfWait({ output, gate }: CommandContext, client: Client): NodeJS.Timeout | undefined {
  if (!output.isTerminal) return undefined;
  const timer = setTimeout(() => output.note(`waiting for a gate at ${shownUrl(gate().url)} …`), 1000);
  client.ready().then(
    () => clearTimeout(timer),
    () => {},
  );
  return timer;
}

/**
 * The same, for what is about a gate itself. A Redis carries calls where no gate runs too, by one in the caller's own process: who asks
 * after the gate's workers, queues or kept jobs must not be shown that one.
 */
export async function withRunningGate<Result>(context: CommandContext, work: (client: Client) => Promise<Result>): Promise<Result> {
  const gate = context.gate();
  return await withClient({ ...context, gate: () => ({ ...gate, url: toRunningGate(gate.url) }) }, work);
}

function toRunningGate(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.searchParams.has("gate")) return text;
  url.searchParams.set("gate", "*");
  return url.href;
}

function open({ url, key, source }: GateAddress): Client {
  try {
    return connect(url, key === undefined ? {} : { key });
  } catch (error) {
    throw new UserError(`${source}: ${GateError.from(error).message}`, undefined, { cause: error });
  }
}
