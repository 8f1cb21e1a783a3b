import type { PathName } from "./operations.ts";

/** The name that a template gives to the rest of a path, which handlers know as `*`. */
const restName = "rest";

/**
 * Names paths as OpenAPI does: `/api/:id` is `/api/{id}`.
 *
 * Paths that differ only in the names of their parameters are one path there, so the first one gives its names to all of them.
 */
export class PathTemplates {
  readonly #byShape = new Map<string, { path: string; names: string[] }>();

  of(path: string): { path: string; names: PathName[] } {
    const taken: string[] = [];
    const written = path
      .replaceAll("{", "%7B")
      .replaceAll("}", "%7D")
      .replaceAll(/:([^/.-]+)|\*$/g, (_part, name: string = "*") => {
        taken.push(name);
        return "{}";
      });
    const shape = written.length > 1 ? written.replace(/\/$/, "") : written;
    const template = this.#byShape.get(shape) ?? named(shape, taken);
    this.#byShape.set(shape, template);
    return { path: template.path, names: template.names.map((name, at) => ({ name, argument: taken[at] ?? name })) };
  }
}

function named(shape: string, taken: readonly string[]): { path: string; names: string[] } {
  const names: string[] = [];
  for (const parameter of taken) {
    let name = parameter === "*" ? restName : parameter;
    while (names.includes(name)) name += "_";
    names.push(name);
  }
  let at = 0;
  return { path: shape.replaceAll("{}", () => `{${names[at++]}}`), names };
}
