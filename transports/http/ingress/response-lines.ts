import { STATUS_CODES } from "node:http";
import { headerName, isHeaderValue } from "../header-name.ts";

const statusLines = new Map<number, string>();
let dateSecond = -1;
let dateLine = "";

function statusLine(status: number, reason: string | undefined): string {
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

/** The status line and the headers of a response, without the end of the last. */
export interface HeadLines {
  text: string;
  /** What `content-length` says. */
  length: number | undefined;
  hasDate: boolean;
}

const digits = /^\d{1,15}$/;

/** Writes the start of a head: `headers` are name, value, name, value, …; the connection's own are left out. Throws for what HTTP cannot say. */
export function headLines(status: number, reason: string | undefined, headers: readonly string[]): HeadLines {
  const lines: HeadLines = { text: statusLine(status, reason), length: undefined, hasDate: false };
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    lines.text += headerLine(name, value);
    if (name === "content-length") lines.length = lengthOf(value, lines.length);
    else if (name === "date") lines.hasDate = true;
  }
  return lines;
}

/** A header as a line after another one, empty for those that are the connection's own. Throws for what HTTP cannot say. */
export function headerLine(name: string, value: string): string {
  const known = headerName(name);
  if (known === undefined) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
  return known.isOfTheHop ? "" : known.line + checkedValue(value);
}

function lengthOf(value: string, before: number | undefined): number {
  if (before !== undefined || !digits.test(value)) throw new TypeError("content-length is not one number");
  return Number(value);
}

function checkedValue(value: string): string {
  if (!isHeaderValue(value)) throw new TypeError("a value has a character that HTTP does not allow");
  return value;
}
