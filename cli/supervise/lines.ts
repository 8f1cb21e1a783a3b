import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Tells each line that a stream brings, without its end; a last one without an end too. One longer than `longest` comes in pieces. */
export function forEachLine(stream: Readable, tell: (line: string) => void, longest: number = 64 * 1024): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string): void => {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      tell((rest + text.slice(start, end)).replace(/\r$/, ""));
      rest = "";
      start = end + 1;
    }
    rest += text.slice(start);
    if (rest.length < longest) return;
    tell(rest);
    rest = "";
  };
  stream.on("data", (data: Buffer) => take(decoder.write(data)));
  stream.once("end", () => {
    take(decoder.end());
    if (rest !== "") tell(rest);
  });
}
