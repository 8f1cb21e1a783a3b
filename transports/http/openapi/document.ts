import type { MethodInfo } from "unigate/transport";
import type { Binding } from "../bindings.ts";
import { inputOf } from "./method-input.ts";
import { resultOf } from "./method-result.ts";
import { boundOperation, callOperation, type Operation, sharedComponents } from "./operations.ts";
import { ownPages } from "./own-pages.ts";
import { PathTemplates } from "./path-template.ts";
import type { Schema } from "./schema.ts";

/** What a gate serves, and how. */
export interface Served {
  name: string;
  version: string;
  /** Before the gate's own paths. */
  prefix: string;
  methods: readonly MethodInfo[];
  bindings: readonly Binding[];
  isLocked: boolean;
  /** Tells whether callers of a target need no key. */
  isPublic: (target: string) => boolean;
}

/** The OpenAPI 3.1 document of what a gate serves. Source: https://spec.openapis.org/oas/v3.1.1. */
export function openapiDocument(served: Served): Record<string, unknown> {
  const { prefix, methods, isLocked } = served;
  const schemas: Record<string, Schema> = { ...sharedComponents.schemas };
  const paths: Record<string, Record<string, Operation>> = {};
  const templates = new PathTemplates();
  const ids = new Names();
  const components = new Names(Object.keys(schemas));
  const add = (path: string, method: string, id: string, operation: Operation): void => {
    const operations = (paths[path] ??= {});
    operations[method.toLowerCase()] ??= { operationId: ids.take(id), ...operation };
  };

  const boundTo = Map.groupBy(served.bindings, ({ target }) => target);
  for (const method of methods) {
    const { name } = method;
    const component = components.take(name);
    const input = inputOf(method, component);
    if (input.component !== undefined) schemas[component] = input.component;
    const result = resultOf(method, () => components.take(`${name}.result`));
    Object.assign(schemas, result.components);
    const access = isLocked && served.isPublic(name) ? { security: [] } : {};
    for (const route of boundTo.get(name) ?? []) {
      const { path, names } = templates.of(route.path);
      add(path, route.method, name, { ...boundOperation(method, input, result.schema, route, names), ...access });
    }
    add(`${prefix}/call/${encodeURIComponent(name)}`, "post", `call_${name}`, {
      ...callOperation(method, input, result.schema),
      ...access,
    });
  }
  for (const { path, method, operation } of ownPages()) add(prefix + path, method, `gate_${method}${path}`, operation);

  return {
    openapi: "3.1.0",
    info: { title: served.name, version: served.version, description: "What this gate serves now. Values are those of its workers." },
    // Where this document comes from.
    servers: [{ url: "/" }],
    security: isLocked ? [{ key: [] }, { bearer: [] }] : [],
    paths,
    components: { ...sharedComponents, schemas, ...(isLocked ? { securitySchemes } : {}) },
  };
}

const securitySchemes = {
  key: { type: "apiKey", in: "header", name: "X-Gate-Key" },
  bearer: { type: "http", scheme: "bearer" },
};

/** Names that OpenAPI allows, each given once. */
class Names {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken);
  }

  take(wanted: string): string {
    const allowed = wanted.replaceAll(/[^\w.-]+/g, "_");
    let name = allowed;
    for (let count = 2; this.#taken.has(name); count++) name = `${allowed}_${count}`;
    this.#taken.add(name);
    return name;
  }
}
