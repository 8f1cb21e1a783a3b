import { type Client, connect, GateError } from "unigate/client";
import type { CommandContext } from "./command.ts";
import type { GateAddress } from "./contexts/gate-address.ts";
import { UserError } from "./user-error.ts";

/** Connects to the gate that the command names, and closes the link when `work` is done. */
export async function withClient<Result>(context: CommandContext, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = open(context.gate());
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function open({ url, key, source }: GateAddress): Client {
  try {
    return connect(url, key === undefined ? {} : { key });
  } catch (error) {
    throw new UserError(`${source}: ${GateError.from(error).message}`, undefined, { cause: error });
  }
}
