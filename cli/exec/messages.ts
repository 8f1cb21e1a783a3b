/** What a program and its worker say to each other: one JSON object per line, as docs/any-program.md tells. */
import type { JobContext } from "unigate/worker";
import { toJson } from "../output.ts";

/** A method as a program declares it. */
export interface ProgramMethod {
  name: string;
  description?: string;
  /** Names of the arguments, in order; HTTP bindings need them. */
  params?: readonly string[];
  http?: string | readonly string[];
  idempotent?: boolean;
  stream?: boolean;
}

/** What a program may write. */
export type Message =
  | { kind: "hello"; service: string | undefined; methods: ProgramMethod[] }
  | { kind: "result"; id: number | undefined; value: unknown }
  | { kind: "chunk"; id: number | undefined; value: unknown }
  | { kind: "end"; id: number | undefined }
  | { kind: "error"; id: number | undefined; error: unknown };

/** Reads a line of a program; undefined for one that is none of its messages. */
export function parseMessage(line: string): Message | undefined {
  const said = parseObject(line);
  if (said === undefined) return undefined;
  const id = typeof said["id"] === "number" ? said["id"] : undefined;
  if (Array.isArray(said["methods"])) {
    const methods = said["methods"].flatMap(toMethod);
    return { kind: "hello", service: typeof said["service"] === "string" ? said["service"] : undefined, methods };
  }
  if ("error" in said) return { kind: "error", id, error: said["error"] };
  if ("result" in said) return { kind: "result", id, value: said["result"] };
  if ("chunk" in said) return { kind: "chunk", id, value: said["chunk"] };
  return said["end"] === true ? { kind: "end", id } : undefined;
}

/** The line that gives a program a job. */
export function jobLine(id: number, method: string, args: readonly unknown[], job: JobContext): string {
  const timeLeft = job.timeLeft();
  const metadata = Object.fromEntries(Object.entries(job.metadata.toObject()).filter(([key]) => !key.startsWith(":")));
  const message = {
    id,
    method,
    args,
    ...(timeLeft === Infinity ? {} : { timeLeft: Math.round(timeLeft) }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  return `${toJson(message, false)}\n`;
}

/** The line that tells a program that nobody waits for a job any more. */
export function cancelLine(id: number, reason: string): string {
  return `${JSON.stringify({ id, cancel: reason })}\n`;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function toMethod(method: unknown): ProgramMethod[] {
  if (typeof method === "string") return [{ name: method }];
  return typeof method === "object" && method !== null && typeof (method as ProgramMethod).name === "string"
    ? [method as ProgramMethod]
    : [];
}
