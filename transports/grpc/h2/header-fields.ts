import type { IncomingHttpHeaders } from "node:http2";
import { type BlockKind, kindOf } from "./field-rules.ts";

/** Headers that come once: of several, the first holds. */
const single: ReadonlySet<string> = new Set(["content-type", "authorization", "user-agent", "host", "te"]);

/**
 * The fields of one header block, in their order. Never changed: blocks that say the same may be one object, so that what is made of
 * it once serves every call.
 */
export class HeaderFields {
  /** Name, value, name, value, …; names in lower case. */
  readonly flat: readonly string[];
  /** It was more than the reader takes; then it holds only a part. */
  readonly isTooLarge: boolean;
  #headers: IncomingHttpHeaders | undefined;
  #kind: BlockKind | undefined;

  constructor(flat: readonly string[], isTooLarge = false) {
    this.flat = flat;
    this.isTooLarge = isTooLarge;
  }

  /** As `node:http2` gives them, and always the same object: do not write to it. */
  get headers(): IncomingHttpHeaders {
    return (this.#headers ??= toObject(this.flat));
  }

  /** What the block is; `malformed` where it breaks the rules. */
  get kind(): BlockKind {
    return (this.#kind ??= kindOf(this.flat));
  }
}

function toObject(flat: readonly string[]): IncomingHttpHeaders {
  // No prototype: a header may be called `constructor`.
  const headers = Object.create(null) as IncomingHttpHeaders;
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at] as string;
    const value = flat[at + 1] as string;
    const before = headers[name];
    if (before === undefined) headers[name] = name === "set-cookie" ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    else if (!single.has(name)) headers[name] = `${before}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}
