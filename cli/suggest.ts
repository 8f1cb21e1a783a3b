import { closestName } from "unigate/transport";

/** What to do about a mistyped name: take the nearest of `names`, as `write` puts it, else `fallback`. */
export function suggest(mistyped: string, names: Iterable<string>, write: (name: string) => string, fallback: string): string {
  const closest = closestName(mistyped, names);
  return closest === undefined ? fallback : `did you mean ${write(closest)}?`;
}
