/** Ends of names whose values are nobody's business, without case, `-` and `_`. */
const secretEnds = ["authorization", "cookie", "apikey", "gatekey", "privatekey", "token", "password", "secret"];
const redacted = "[redacted]";
/** Fields within fields; anything deeper is left out. */
const maxDepth = 5;

/** Leaves secrets out of what is logged. */
export interface Redactor {
  /** Credentials in the manner of an `authorization` header, and passwords of URLs. */
  text(text: string): string;
  /** The same in every text, and the values of fields with a secret's name, however deep. */
  fields(fields: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** A redactor of the names that everybody has, and `more` of the user's. */
export function redactor(more: readonly string[] = []): Redactor {
  const ends = [...secretEnds, ...more.map(plainName)];
  const isSecret = (name: string): boolean => {
    const plain = plainName(name);
    return plain === "key" || ends.some((end) => plain.endsWith(end));
  };
  const valueOf = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return redactText(value);
    if (value instanceof Error) return redactText(value.stack ?? value.message);
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (typeof value !== "object" || value === null) return value;
    if (depth >= maxDepth) return "…";
    if (Array.isArray(value)) return value.map((one) => valueOf(one, depth + 1));
    return fieldsOf(value as Readonly<Record<string, unknown>>, depth + 1);
  };
  const fieldsOf = (fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isSecret(name) ? redacted : valueOf(value, depth)]));
  return { text: redactText, fields: (fields) => fieldsOf(fields, 0) };
}

function redactText(text: string): string {
  return text
    .replaceAll(/\b(Bearer|Basic) +[\w.~+/=-]{6,}/gi, `$1 ${redacted}`)
    .replaceAll(/(\b[a-z][a-z\d+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, `$1:${redacted}@`);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}
