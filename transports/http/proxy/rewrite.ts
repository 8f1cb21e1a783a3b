/** Makes the path of the upstream's request of that of the caller. Both as on the wire, with the query. */
export type Rewrite = (path: string) => string;

/**
 * Compiles a rewrite: in `template`, `*` stands for what the `*` of `pattern` matched and `:name` for its segment, still encoded.
 *
 * The query stays. Without a `*` in the template, what it matched is left out.
 */
export function compileRewrite(pattern: string, template: string): Rewrite {
  const segments = pattern.split("/");
  const wildcardAt = segments.indexOf("*");
  const indexOf = new Map(segments.map((segment, at) => [segment, at]));
  return (path) => {
    const question = path.indexOf("?");
    const bare = question < 0 ? path : path.slice(0, question);
    const parts = bare.split("/");
    const rest = wildcardAt < 0 ? "" : parts.slice(wildcardAt).join("/");
    const filled = template.replaceAll(/:\w+|\*/g, (mark) => (mark === "*" ? rest : (parts[indexOf.get(mark) ?? -1] ?? "")));
    return (filled.startsWith("/") ? filled : `/${filled}`) + (question < 0 ? "" : path.slice(question));
  };
}
