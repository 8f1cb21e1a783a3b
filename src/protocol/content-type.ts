/** Media types that have a one-byte code on the wire; index 0 means "named in the metadata". */
const coded = [
  "",
  "application/msgpack",
  "application/json",
  "application/octet-stream",
  "text/plain",
  "application/grpc+proto",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
] as const;

/** The media type that the SDKs speak among themselves. */
export const msgpackType = "application/msgpack";
/** The media type of HTTP calls. */
export const jsonType = "application/json";
/** Bytes without a further meaning. */
export const bytesType = "application/octet-stream";
/** UTF-8 text. */
export const textType = "text/plain";

const codeOf = new Map<string, number>(coded.map((type, code) => [type, code]));

/** The wire code of a media type, 0 when it has none. */
export function contentTypeCode(type: string): number {
  // The two that nearly every job has are told apart without hashing.
  if (type === msgpackType) return 1;
  if (type === jsonType) return 2;
  return codeOf.get(type) ?? 0;
}

/** The media type of a wire code, or undefined for one we do not know. */
export function contentTypeOf(code: number): string | undefined {
  return coded[code];
}
