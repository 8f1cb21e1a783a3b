/** The reply of HGETALL or of a scan, name, number, name, number, …, as a map. */
export function countsOf(reply: unknown): Map<string, number> {
  const flat = Array.isArray(reply) ? (reply as Buffer[]) : [];
  const counts = new Map<string, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) counts.set(String(flat[at]), Number(flat[at + 1]));
  return counts;
}
