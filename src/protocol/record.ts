/**
 * The vocabulary of the gate protocol: what a record is called and how its header lies in memory.
 *
 * A frame is a byte buffer of one or more records. Every record starts with the same 20 bytes, little-endian:
 *
 * ```
 *  0  u32  length of the whole record, these bytes included
 *  4  u8   type           5  u8  flags
 *  6  u8   content type   7  u8  accepted type          (codes of `content-type.ts`; 0: named in the metadata)
 *  8  u32  job number, chosen by the sender of the job, unique among its running jobs in this session
 * 12  u32  value: time left in ms (job; 0: no deadline), units (credit), nonce (ping, pong)
 * 16  u32  route number, declared by the sender of the job with a `routes` record
 * 20  [u32 length + msgpack metadata, with the metadata flag]  then the opaque payload
 * ```
 *
 * A record of an unknown type is skipped by its length, so a newer peer can add types.
 */
export const protocolVersion = 1;

/** Bytes before the metadata and the payload of every record. */
export const headerBytes = 20;

/** The record types. `hello` comes first on every session; `job` to `cancel` belong to one job number. */
export const RecordType = {
  /** Peer → gate: who I am. Payload: `Hello`. */
  hello: 1,
  /** Gate → peer: you are in. Payload: `Welcome`. */
  welcome: 2,
  /** Either way: methods I serve (`serve`, `withdraw` flags), or route numbers that I am about to use. */
  routes: 3,
  job: 4,
  chunk: 5,
  credit: 6,
  end: 7,
  fail: 8,
  cancel: 9,
  ping: 10,
  pong: 11,
  /** Either way: I finish what runs and take nothing new. From a gate with the value 1: do so, and leave. */
  drain: 12,
  /** Either way: this session is over. Payload: a wire error, or empty. */
  goodbye: 13,
  /** Gate → peer: something happened (reserved for subscriptions). */
  event: 14,
} as const;

/** Flags of a record header. */
export const Flag = {
  /** A metadata section follows the header. */
  metadata: 1,
  /** On `chunk`: no payload, the metadata is the head of the reply. */
  head: 2,
  /** On `job`: input follows in chunks. On `chunk` and `end`: it is input, from the sender of the job. */
  input: 4,
  /** On `job`: may run more than once. */
  idempotent: 8,
  /** On `fail`: the job never reached a handler, so it may run elsewhere. */
  notStarted: 16,
  /** On `routes`: methods that the sender serves. */
  serve: 32,
  /** On `routes`: methods that the sender no longer serves. */
  withdraw: 64,
  /** On `end`: a payload follows (an empty one too). */
  payload: 128,
} as const;

/**
 * Credit a stream starts with, in units. A chunk costs one unit and one more per full 16 KiB, so that one number
 * bounds both the count and the bytes in flight: 64 small chunks, or about 1 MiB.
 */
export const initialCredit = 64;

/** What a chunk of `bytes` costs the sender in credit units. */
export function creditCost(bytes: number): number {
  return 1 + (bytes >>> 14);
}
