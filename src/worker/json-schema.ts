import type { MethodOptions, Params } from "./define-service.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A schema has two: what it takes, and what it gives. */
type Side = "input" | "output";

/** What a library adds to its schemas that can show themselves. Source: Standard JSON Schema v1, https://standardschema.dev/json-schema. */
interface Shown {
  readonly jsonSchema?: Record<Side, (options: { target: "draft-2020-12" }) => Record<string, unknown>>;
}

/** Of one schema, in characters of JSON: a gate keeps those of every method. */
const longest = 16 * 1024;

/**
 * The JSON Schema of what a method takes: of its one argument, or of its `params` as one object.
 *
 * Undefined where no schema can be shown: by a library without Standard JSON Schema, of a kind that JSON has not (dates, say), or above
 * 16 KiB. Among `params`, such a one takes any value.
 */
export function inputSchemaOf({ input, params }: Pick<MethodOptions, "input" | "params">): Record<string, unknown> | undefined {
  if (input !== undefined) return show(input, "input");
  if (params === undefined) return undefined;
  const shown = showParams(params);
  return JSON.stringify(shown).length > longest ? undefined : shown;
}

/** The JSON Schema of what a method returns, or of each value of its stream; undefined where none can be shown, as above. */
export function outputSchemaOf({ output }: Pick<MethodOptions, "output">): Record<string, unknown> | undefined {
  return output === undefined ? undefined : show(output, "output");
}

function showParams(params: Params): Record<string, unknown> {
  const entries = Object.entries(params);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, schema]) => [name, showPart(schema)])),
    required: entries.filter(([, schema]) => isRequired(schema)).map(([name]) => name),
  };
}

/** A schema that refers to itself would mean the object around it: it takes any value. */
function showPart(schema: StandardSchema): Record<string, unknown> {
  const shown = show(schema, "input");
  return shown === undefined || JSON.stringify(shown).includes('"$ref"') ? {} : shown;
}

function show(schema: StandardSchema, side: Side): Record<string, unknown> | undefined {
  try {
    const shown = (schema["~standard"] as Shown).jsonSchema?.[side]({ target: "draft-2020-12" });
    if (shown === undefined) return undefined;
    const { $schema: _dialect, ...rest } = shown;
    const text = JSON.stringify(rest);
    return text.length > longest ? undefined : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    // Libraries throw for what JSON Schema cannot say.
    return undefined;
  }
}

function isRequired(schema: StandardSchema): boolean {
  try {
    const result = schema["~standard"].validate(undefined);
    if (!(result instanceof Promise)) return result.issues !== undefined;
    result.catch(() => {});
    return true;
  } catch {
    return true;
  }
}
