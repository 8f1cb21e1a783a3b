/**
 * From a job's payload to the arguments of its handler.
 *
 * A JSON or msgpack array is positional arguments, anything else one argument, an empty payload none. Over HTTP, the values of the
 * bound path and of the query join an object body as named arguments; they and form fields are text, so a schema that refuses the
 * text is asked again with the JSON value that the text spells (`"2"` → `2`).
 */
import { GateError } from "../error/gate-error.ts";
import { closestName } from "../error/closest-name.ts";
import type { Job } from "../job/job.ts";
import { type DecodedBody, decodeBody } from "./decode-body.ts";
import type { Params } from "./define-service.ts";
import type { LoadedMethod } from "./loaded-method.ts";
import { issueText, type SchemaResult, type StandardSchema } from "./standard-schema.ts";

type Named = Readonly<Record<string, unknown>>;

/** The arguments of a call; a promise only where a body or a schema needs one. Throws or rejects with `invalid_argument`. */
export function bindArguments(method: LoadedMethod, job: Job): readonly unknown[] | Promise<readonly unknown[]> {
  const body = decodeBody(job);
  return body instanceof Promise ? body.then((decoded) => bind(method, decoded)) : bind(method, body);
}

function bind(method: LoadedMethod, body: DecodedBody): readonly unknown[] | Promise<readonly unknown[]> {
  const { params, input } = method.options;
  if (params !== undefined) return checkParams(method.info.name, params, toNamed(method.info.name, Object.keys(params), body), body.isText);
  const args = body.named === undefined ? body.args : mergeNamed(body);
  if (input === undefined) return args;
  if (args.length > 1) throw wrong(method.info.name, [`it takes one argument, ${args.length} were passed`]);
  return checkInput(method.info.name, input, args[0], body);
}

/** Named values win over nothing: a body that is no object keeps its place, and the names stay readable in `currentJob().http`. */
function mergeNamed({ args, named }: DecodedBody): readonly unknown[] {
  if (args.length === 0) return [named];
  return args.length === 1 && isPlainObject(args[0]) ? [{ ...args[0], ...named }] : args;
}

function toNamed(method: string, names: readonly string[], { args, named }: DecodedBody): Named {
  const [only] = args;
  const isNamedCall =
    args.length === 1 && isPlainObject(only) && (Object.keys(only).length === 0 || Object.keys(only).some((key) => names.includes(key)));
  if (isNamedCall) {
    checkNames(method, names, Object.keys(only));
    return { ...named, ...only };
  }
  if (args.length > names.length)
    throw wrong(method, [`it takes ${names.length} arguments (${names.join(", ")}), ${args.length} were passed`]);
  return { ...named, ...Object.fromEntries(args.map((arg, at) => [names[at] as string, arg])) };
}

function checkNames(method: string, names: readonly string[], given: readonly string[]): void {
  const unknown = given.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw wrong(
    method,
    unknown.map((name) => {
      const closest = closestName(name, names);
      return `${name}: is not a parameter; ${closest === undefined ? `there are ${names.join(", ")}` : `did you mean ${closest}?`}`;
    }),
  );
}

async function checkParams(method: string, params: Params, given: Named, isText: (name: string) => boolean): Promise<readonly unknown[]> {
  const checked: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, schema] of Object.entries(params)) {
    const result = await validate(schema, given[name], isText(name));
    if (result.issues === undefined) checked[name] = result.value;
    else faults.push(...result.issues.map((issue) => issueText(issue, [name])));
  }
  if (faults.length > 0) throw wrong(method, faults);
  return [checked];
}

async function checkInput(method: string, schema: StandardSchema, value: unknown, body: DecodedBody): Promise<readonly unknown[]> {
  let result = await schema["~standard"].validate(value);
  if (result.issues !== undefined && isPlainObject(value)) {
    const spelled = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, body.isText(name) ? spell(one) : one]));
    const second = await schema["~standard"].validate(spelled);
    if (second.issues === undefined) result = second;
  }
  if (result.issues !== undefined)
    throw wrong(
      method,
      result.issues.map((issue) => issueText(issue)),
    );
  return [result.value];
}

async function validate(schema: StandardSchema, value: unknown, isText: boolean): Promise<SchemaResult<unknown>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined || !isText) return result;
  const second = await schema["~standard"].validate(spell(value));
  return second.issues === undefined ? second : result;
}

/** The JSON value that a text spells, or the text itself. */
function spell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spell);
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function wrong(method: string, faults: readonly string[]): GateError {
  return new GateError("invalid_argument", `${method}: ${faults.join("; ")}`, { details: { faults } });
}

function isPlainObject(value: unknown): value is Named {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
