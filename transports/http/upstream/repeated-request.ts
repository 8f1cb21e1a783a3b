import type { Job, Metadata } from "unigate/transport";
import { headerName, isHeaderValue } from "../header-name.ts";
import { toRequestEnd, toRequestStart } from "./request-text.ts";
import { expectingBody, type UpstreamRequest } from "./upstream-request.ts";

/** A request as it is written, without its body. */
export interface RequestOnWire {
  method: string;
  text: string;
}

/** The requests of callers that say the same again and again, to one server: all but their own id and their length is written once. */
export class RepeatedRequests {
  readonly #starts = new WeakMap<Metadata, RequestOnWire>();
  readonly #host: string;
  readonly #base: string;
  readonly #via: string | undefined;

  /** `base` stands before each path; `via` names this gate. */
  constructor(host: string, base: string, via: string | undefined) {
    this.#host = host;
    this.#base = base;
    this.#via = via;
  }

  /** The request of a job that has its metadata, but for the last entry, in common with one before; undefined for any other. */
  find({ metadata, payload, streamsInput }: Job): RequestOnWire | undefined {
    const { base, own } = metadata;
    if (base?.isShared !== true || own === undefined || streamsInput) return undefined;
    const start = this.#starts.get(base);
    const name = headerName(own[0]);
    const value = own[1];
    if (start === undefined || name === undefined || typeof value !== "string" || !isHeaderValue(value)) return undefined;
    const { method } = start;
    const length = payload.length > 0 || expectingBody.has(method) ? payload.length : undefined;
    return { method, text: start.text + name.line + value + toRequestEnd(this.#via, length) };
  }

  /** Keeps what this one has in common with those to come. */
  note({ metadata: { base, own } }: Job, { method, path, headers, upgrade }: UpstreamRequest): void {
    if (base?.isShared !== true || upgrade !== undefined || own === undefined || headers.at(-2) !== own[0]) return;
    const start = toRequestStart({ method, path: this.#base + path, host: this.#host, headers: headers.slice(0, -2) });
    this.#starts.set(base, { method, text: start });
  }
}
