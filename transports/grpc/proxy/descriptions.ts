import type { FileRegistry } from "@bufbuild/protobuf";
import { type JsonCalls, jsonCalls, type UpstreamMethods } from "../transcode/json-calls.ts";

/** What a description is from: a server, or the files that the config names. */
type Source = object;

/**
 * What is known of the methods of an upstream, by who told it: each server may be of another version while they are redeployed.
 *
 * One description does for all servers; what a server has told of itself goes before it. The last one stays when its server has left.
 */
export class Descriptions {
  readonly #upstream: Omit<UpstreamMethods, "protos">;
  readonly #maxBytes: number;
  /** The newest last. */
  readonly #all = new Map<Source, { protos: FileRegistry; calls: JsonCalls }>();

  /** Messages of an answer are `maxBytes` at most. */
  constructor(upstream: Omit<UpstreamMethods, "protos">, maxBytes: number) {
    this.#upstream = upstream;
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** All of them; of two that tell of the same, the last one holds. */
  get protos(): FileRegistry[] {
    return [...this.#all.values()].map(({ protos }) => protos);
  }

  add(source: Source, protos: FileRegistry): void {
    this.#all.delete(source);
    this.#all.set(source, { protos, calls: jsonCalls({ ...this.#upstream, protos }, this.#maxBytes) });
  }

  remove(source: Source): void {
    if (this.#all.size > 1) this.#all.delete(source);
  }

  /** Calls of `target` at the server that is `source`: by its own description, else by the newest that has the method. */
  callsOf(target: string, source: Source): JsonCalls | undefined {
    const own = this.#all.get(source)?.calls;
    if (own?.has(target) === true) return own;
    return [...this.#all.values()].findLast(({ calls }) => calls.has(target))?.calls;
  }
}
