import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** What is told as a line at the latest, in characters: a program may write without an end of line for ever. */
const longestLine = 64 * 1024;

/** Tells each line that a stream brings, without its end; a last one without an end too. */
export function forEachLine(stream: Readable, tell: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  stream.on("data", (data: Buffer) => {
    const lines = (rest + decoder.write(data)).split(/\r?\n/);
    rest = lines.pop() as string;
    for (const line of lines) tell(line);
    if (rest.length < longestLine) return;
    tell(rest);
    rest = "";
  });
  stream.once("end", () => {
    rest += decoder.end();
    if (rest !== "") tell(rest);
  });
}
