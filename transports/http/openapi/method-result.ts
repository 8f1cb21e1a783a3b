import type { MethodInfo } from "unigate/transport";
import { embed, isSchema, pointerTo, type Schema } from "./schema.ts";

/** What a method returns, or each value of its stream, as far as its worker tells. */
export interface MethodResult {
  /** What stands among the components of the document, by name: one schema, or none. */
  components: Readonly<Record<string, Schema>>;
  schema: Schema;
}

/** Reads what a method returns; `takeName` gives its schema a name among the components. */
export function resultOf({ output }: MethodInfo, takeName: () => string): MethodResult {
  if (!isSchema(output)) return { components: {}, schema: {} };
  const name = takeName();
  const home = pointerTo("components", "schemas", name);
  return { components: { [name]: embed(output, home) as Schema }, schema: { $ref: home } };
}
