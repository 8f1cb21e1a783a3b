/** One entry of a stream: its id, then its fields as name, value, name, value, …. */
export interface StreamEntry {
  id: string;
  fields: readonly Buffer[];
}

/** Takes the reply of `XREAD` and `XREADGROUP` of one stream apart; nothing for a read that ended empty. */
export function entriesOfRead(reply: unknown): StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  const [stream] = reply as [[Buffer, unknown]];
  return entriesOf(stream?.[1]);
}

/** Takes a list of entries apart. One whose fields are gone (deleted while it was pending) comes without any. */
export function entriesOf(list: unknown): StreamEntry[] {
  if (!Array.isArray(list)) return [];
  return (list as [Buffer, Buffer[] | null][]).map(([id, fields]) => ({ id: id.toString("latin1"), fields: fields ?? [] }));
}
