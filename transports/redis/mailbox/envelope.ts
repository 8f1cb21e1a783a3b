import type { Argument } from "../server/commands.ts";
import type { StreamEntry } from "../server/stream-entries.ts";

/**
 * What lies in a mailbox: one entry is one envelope of one sender, with everything that the sender had for the owner in one turn.
 *
 * Its first field is `from`, with the sender's id, the number of the series and that of the envelope in it; each further field is a letter, its name the kind and
 * the topic, its value the bytes.
 */
export interface Envelope {
  from: string;
  /** Which series of the sender's it belongs to: a later one begins when the one before could not be delivered. */
  series: number;
  /** 1 for the first of a series, then one more each; tells repeated and missing ones. */
  sequence: number;
  letters: readonly Letter[];
}

/** One message of an envelope. */
export interface Letter {
  kind: LetterKind;
  /** What it belongs to, e.g. the link; may be empty. */
  topic: string;
  data: Uint8Array;
}

/** The kinds of letters, as they are written. */
export const LetterKind = {
  /** A frame that opens the link named by the topic. */
  open: "o",
  /** A frame of the link named by the topic. */
  frame: "f",
  /** The link named by the topic is over. */
  closed: "x",
  /** Records of jobs that lie, or lay, in a service's stream. */
  records: "r",
  /** Fail records of such jobs that have no worker any more, from whoever found them. */
  refused: "d",
  /** The table of participants changed. */
  changed: "t",
} as const;

export type LetterKind = (typeof LetterKind)[keyof typeof LetterKind];

const kinds = new Set<string>(Object.values(LetterKind));

/** The fields of an envelope, for `XADD`. */
export function envelopeFields({ from, series, sequence, letters }: Envelope): Argument[] {
  const fields: Argument[] = ["from", `${from} ${series} ${sequence}`];
  for (const { kind, topic, data } of letters) fields.push(kind + topic, data);
  return fields;
}

/** Reads an entry; undefined for one that we did not write. */
export function readEnvelope({ fields }: StreamEntry): Envelope | undefined {
  if (fields.length < 2 || fields.length % 2 !== 0 || fields[0]?.toString("latin1") !== "from") return undefined;
  const match = /^(\S+) (\d+) (\d+)$/.exec((fields[1] as Buffer).toString("latin1"));
  if (match === null) return undefined;
  const letters: Letter[] = [];
  for (let at = 2; at < fields.length; at += 2) {
    const name = (fields[at] as Buffer).toString("latin1");
    const kind = name.charAt(0);
    if (!kinds.has(kind)) continue;
    letters.push({ kind: kind as LetterKind, topic: name.slice(1), data: fields[at + 1] as Buffer });
  }
  return { from: match[1] as string, series: Number(match[2]), sequence: Number(match[3]), letters };
}
