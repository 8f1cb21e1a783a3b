/** A JSON Schema, whatever keywords it has. */
export type Schema = Readonly<Record<string, unknown>>;

/** Deeper parts of a schema take any value: nobody reads them, and nothing may recurse without a bound. */
const deepest = 64;
/** Keywords whose values are data: nothing in them is a schema. */
const dataKeywords: ReadonlySet<string> = new Set(["const", "enum", "default", "example", "examples", "required"]);
/** Keywords whose values hold schemas by names of their own. */
const mapKeywords: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** Keywords by which a schema would stop to be a part of the document around it. */
const ownDocument: ReadonlySet<string> = new Set(["$schema", "$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$vocabulary"]);

/** Tells whether what a worker declared is a schema that a document can take in. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The reference to what stands in a document under these names. Source: RFC 6901, sections 3 and 6. */
export function pointerTo(...names: readonly string[]): string {
  return `#/${names.map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
}

/** A schema as the part of a document that stands at `home`, where what it says of itself (`#/$defs/…`) is found. */
export function embed(schema: unknown, home: string, depth = 0): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (depth > deepest) return {};
  if (Array.isArray(schema)) return schema.map((part) => embed(part, home, depth + 1));
  const embedded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (ownDocument.has(key)) continue;
    if (key === "$ref" && typeof value === "string") embedded[key] = value.startsWith("#") ? home + value.slice(1) : value;
    else if (dataKeywords.has(key)) embedded[key] = value;
    else if (mapKeywords.has(key)) embedded[key] = embedEach(value, home, depth + 1);
    else embedded[key] = embed(value, home, depth + 1);
  }
  return embedded;
}

function embedEach(schemas: unknown, home: string, depth: number): unknown {
  if (typeof schemas !== "object" || schemas === null) return {};
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, embed(schema, home, depth)]));
}
