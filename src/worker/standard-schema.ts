/** A schema of any library that follows Standard Schema v1 (zod, valibot, arktype, …). Source: https://standardschema.dev. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a caller may pass where the schema is. */
export type InputOf<S> = S extends StandardSchema<infer Input, unknown> ? Input : never;
/** What the handler receives. */
export type OutputOf<S> = S extends { readonly "~standard": { readonly types?: { readonly output: infer Output } | undefined } }
  ? Output
  : never;

/** Tells whether `value` is a Standard Schema. */
export function isSchema(value: unknown): value is StandardSchema {
  return (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value;
}

/** An issue as people read it: `a.b: expected a number`; `root` is where the schema's value stands. */
export function issueText(issue: SchemaIssue, root: readonly PropertyKey[] = []): string {
  const path = [...root, ...(issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step))].map(String).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}
