import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A command, as the server tells of it when it begins. */
export interface SeenCommand {
  /** In small letters. */
  name: string;
  /** Bytes that are no text stay escaped. */
  args: string[];
  isInScript: boolean;
}

const line = /^\+\S+ \[\d+ ([^\]]+)\] (.*)$/;
const word = /"((?:[^"\\]|\\.)*)"/g;

/**
 * Everything that a Redis is asked from now on, in order. On a bare connection: the client's own takes commands that come with the
 * answer to MONITOR for answers, and fails.
 */
export async function monitorRedis(port: number): Promise<{ commands: SeenCommand[]; stop(): void }> {
  const socket = connect(port, "127.0.0.1");
  const commands: SeenCommand[] = [];
  const lines = createInterface({ input: socket });
  lines.on("line", (text) => {
    const [, source, words = ""] = line.exec(text) ?? [];
    const [name, ...args] = [...words.matchAll(word)].map(([, inner = ""]) => inner);
    if (name !== undefined) commands.push({ name: name.toLowerCase(), args, isInScript: source === "lua" });
  });
  socket.write("MONITOR\r\n");
  await once(lines, "line");
  return { commands, stop: () => socket.destroy() };
}
