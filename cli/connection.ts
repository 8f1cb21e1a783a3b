import { type Client, connect } from "unigate/client";
import type { CommandContext } from "./command.ts";

/** Connects to the gate that the command names, and closes the link when `work` is done. */
export async function withClient<Result>(context: CommandContext, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = connect(context.text("gate"));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
