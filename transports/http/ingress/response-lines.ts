import { STATUS_CODES } from "node:http";
import { headerName, isHeaderValue } from "../header-name.ts";

const statusLines = new Map<number, string>();
let dateSecond = -1;
let dateLine = "";

/** The status line of a response without its end. Throws for what is no status or no reason. */
export function statusLine(status: number, reason: string | undefined): string {
  if (!(status >= 200 && status <= 999)) throw new RangeError(`${status} is not the status of a response`);
  if (reason !== undefined) return `HTTP/1.1 ${status} ${checkedValue(reason)}`;
  const known = statusLines.get(status);
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}`;
  statusLines.set(status, line);
  return line;
}

/** The `Date` header as a line after another one. `now` is the time of day, in ms. */
export function dateHeader(now: number): string {
  const second = Math.floor(now / 1000);
  if (second === dateSecond) return dateLine;
  dateSecond = second;
  dateLine = `\r\nDate: ${new Date(second * 1000).toUTCString()}`;
  return dateLine;
}

/** A header as a line after another one, empty for those that are the connection's own. Throws for what HTTP cannot say. */
export function headerLine(name: string, value: string): string {
  const known = headerName(name);
  if (known === undefined) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
  return known.isOfTheHop ? "" : known.line + checkedValue(value);
}

function checkedValue(value: string): string {
  if (!isHeaderValue(value)) throw new TypeError("a value has a character that HTTP does not allow");
  return value;
}
