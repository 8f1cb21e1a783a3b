import type { MethodInfo } from "unigate/transport";
import { embed, isSchema, pointerTo, type Schema } from "./schema.ts";

/** What a method takes, as far as its worker tells. */
export interface MethodInput {
  /** Stands among the components of the document, and is what `whole` refers to; undefined for a method that tells no schema. */
  component: Schema | undefined;
  /** Of the one argument, or of the object of the named ones. */
  whole: Schema;
  /** Of arguments by name, in order; empty for a method that names none. */
  named: ReadonlyMap<string, { schema: Schema; isRequired: boolean }>;
}

/** Reads what a method takes; `name` is the one that its schema has among the components. */
export function inputOf({ input, params }: MethodInfo, name: string): MethodInput {
  const home = pointerTo("components", "schemas", name);
  const component = isSchema(input) ? (embed(input, home) as Schema) : undefined;
  const properties = isSchema(component?.["properties"]) ? component["properties"] : {};
  const required = Array.isArray(component?.["required"]) ? (component["required"] as unknown[]) : [];
  const names = params ?? Object.keys(properties);
  const named = names.map((one): [string, { schema: Schema; isRequired: boolean }] => [
    one,
    {
      schema: Object.hasOwn(properties, one) ? { $ref: home + pointerTo("properties", one).slice(1) } : {},
      isRequired: required.includes(one),
    },
  ]);
  const undeclared = params === undefined ? {} : { type: "object", properties: Object.fromEntries(params.map((one) => [one, {}])) };
  return { component, whole: component === undefined ? undeclared : { $ref: home }, named: new Map(named) };
}
