import { type Client, connect, GateError } from "unigate/client";
import type { CommandContext } from "./command.ts";
import { UserError } from "./user-error.ts";

/** Connects to the gate that the command names, and closes the link when `work` is done. */
export async function withClient<Result>(context: CommandContext, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = open(context.text("gate"), context.text("key"));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function open(url: string | undefined, key: string | undefined): Client {
  try {
    return connect(url, key === undefined ? {} : { key });
  } catch (error) {
    const source = url === undefined ? "$GATE_URL" : "--gate";
    throw new UserError(`${source}: ${GateError.from(error).message}`, undefined, { cause: error });
  }
}
