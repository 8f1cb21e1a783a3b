/**
 * Tells whether a server could take `path` for one outside of where it seems to be: a segment `..`, however written.
 *
 * Percent-encoded dots, slashes and backslashes count as what they stand for, and a segment ends at `;`, as some servers have it.
 */
export function climbs(path: string): boolean {
  if (!/\.\.|%2e/i.test(path)) return false;
  const question = path.indexOf("?");
  const bare = question < 0 ? path : path.slice(0, question);
  const plain = bare.replaceAll(/%2e/gi, ".").replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");
  return plain.split(/[/\\]/).some((segment) => segment === ".." || segment.startsWith("..;"));
}
