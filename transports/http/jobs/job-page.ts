import { bytesType, jsonType, Metadata, statusOf, type StoredJob, type StoredReply } from "unigate/transport";

/**
 * A kept job as a JSON document, its result included.
 *
 * A JSON result stands in it as the worker wrote it, number by number; a text as a string; anything else as `resultBase64` with its
 * `resultType`. A stream is the list of its values.
 */
export function jobPage(job: StoredJob): string {
  const status = JSON.stringify(statusOf(job));
  const result = job.reply === undefined ? undefined : resultOf(job.reply, job.accept);
  return result === undefined ? status : `${status.slice(0, -1)},${result}}`;
}

/** The media type of a reply. */
export function typeOf({ head }: StoredReply, accept: string): string {
  return Metadata.fromFlat(head).get("content-type") ?? accept;
}

function resultOf(reply: StoredReply, accept: string): string | undefined {
  const type = typeOf(reply, accept);
  const values = (reply.chunks ?? [reply.payload]).filter((value) => value !== undefined).map((value) => Buffer.from(value));
  const isStream = reply.chunks !== undefined;
  if (!isStream && values.length === 0) return undefined;
  const texts = values.map((value) => textOf(value, type));
  if (texts.every((text) => text !== undefined)) return `"result":${isStream ? `[${texts.join(",")}]` : texts[0]}`;
  const bytes = values.map((value) => value.toString("base64"));
  return `"resultType":${JSON.stringify(type ?? bytesType)},"resultBase64":${JSON.stringify(isStream ? bytes : bytes[0])}`;
}

/** The bytes as JSON, or undefined when they are something else. */
function textOf(bytes: Buffer, type: string): string | undefined {
  if (type.startsWith("text/")) return JSON.stringify(bytes.toString());
  if (type !== jsonType && !/^[\w.-]+\/[\w.-]+\+json\b/.test(type) && !type.startsWith(`${jsonType};`)) return undefined;
  const text = bytes.toString();
  try {
    // A worker's mistake must not break the document around it.
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
