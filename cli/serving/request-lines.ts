import { styleText } from "node:util";
import type { ExposedRequest } from "unigate/expose";
import type { Output } from "../output.ts";

/** Lines that may wait for a reader that is slow. */
const mostWaiting = 1000;

/** Tells of each request on a line of stdout, or as one JSON object; a reader that is too slow misses some, and is told how many. */
export function requestLines(output: Output, isJson: boolean): (request: ExposedRequest) => void {
  let waiting = 0;
  let missed = 0;
  return (request) => {
    if (waiting >= mostWaiting) return void missed++;
    waiting++;
    const rounded = { ...request, ms: Math.round(request.ms * 10) / 10 };
    void (isJson ? output.item(rounded) : output.line(toLine(rounded))).then(() => {
      waiting--;
      if (missed > 0 && waiting === 0) output.note(`${missed} requests are not shown: the reader of this output is slow`);
      if (waiting === 0) missed = 0;
    });
  };
}

function toLine({ method, path, status, ms, error }: ExposedRequest): string {
  const style = status >= 500 ? "red" : status >= 400 ? "yellow" : status >= 300 ? "cyan" : "green";
  const why = error === undefined ? "" : `  ${styleText("dim", plain(error), { stream: process.stdout })}`;
  return `${plain(method)} ${plain(path)} ${styleText(style, String(status), { stream: process.stdout })} ${ms} ms${why}`;
}

/** What a stranger sends must not move the cursor. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}
