/**
 * `google.api.http`: HTTP requests as messages of a method.
 *
 * A template such as `/v1/{name=shelves/*}/books/{book.id}` becomes the binding `/v1/shelves/:v0/books/:v1`; the path fills the fields
 * that it names, the body one field or (`*`) all of them, the query the rest. Source: google/api/http.proto. Verbs after a colon
 * (`:cancel`) and `**` before the end cannot be bound and are left out.
 */
import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { GateError, type Metadata } from "unigate/transport";
import { http } from "../schema/api-annotations.ts";
import type { HttpRule } from "../schema/api-http.ts";

/** One way into a method by HTTP. */
export interface HttpBinding {
  /** `POST /v1/dishes/:v0`, as the HTTP door binds it. */
  readonly text: string;
  /** Field that the body fills, `*` for the whole message, empty for none. */
  readonly body: string;
  readonly variables: readonly Variable[];
}

interface Variable {
  /** Path of a field, e.g. `book.id`. */
  field: string;
  /** The value with the names of its path parameters in braces, e.g. `shelves/{v0}`. */
  value: string;
}

/** The bindings of a method: those that its .proto names, and `POST /package.Service/Method`. */
export function httpBindings(method: DescMethod): HttpBinding[] {
  const rules = hasOption(method, http) ? [getOption(method, http)] : [];
  const all = rules.flatMap((rule) => [rule, ...rule.additionalBindings]).map(toBinding);
  const own: HttpBinding = { text: `POST /${method.parent.typeName}/${method.name}`, body: "*", variables: [] };
  return [own, ...all.filter((binding) => binding !== undefined)];
}

/** The message, as JSON, of a request that came through `binding`. Throws `invalid_argument` for a query that names no field. */
export function requestMessage(type: DescMessage, binding: HttpBinding, body: JsonValue | undefined, metadata: Metadata): JsonValue {
  if (binding.body === "*" && binding.variables.length === 0) return body ?? {};
  const message: JsonObject = binding.body === "*" ? { ...(body as JsonObject | undefined) } : {};
  if (binding.body !== "" && binding.body !== "*" && body !== undefined) setField(type, message, binding.body, body);
  if (binding.body !== "*") {
    const query = new URLSearchParams(metadata.get(":query") ?? "");
    for (const name of new Set(query.keys())) setText(type, message, name, query.getAll(name));
  }
  for (const { field, value } of binding.variables)
    setText(type, message, field, [value.replaceAll(/\{([^}]+)\}/g, (_, name: string) => metadata.get(`:param.${name}`) ?? "")]);
  return message;
}

function toBinding({ pattern, body }: HttpRule): HttpBinding | undefined {
  const [verb, template] =
    pattern.case === "custom" ? [pattern.value.kind, pattern.value.path] : [pattern.case?.toUpperCase(), pattern.value];
  if (verb === undefined || template === undefined || /[^{}/]:[^{}/]*$|\}:/.test(template)) return undefined;
  const variables: Variable[] = [];
  let count = 0;
  const bind = (segments: string): { path: string; value: string } => {
    const names: string[] = [];
    const parts = segments.split("/").map((segment) => {
      if (segment !== "*" && segment !== "**") return { path: segment, value: segment };
      const name = segment === "**" ? "*" : `v${count++}`;
      names.push(name);
      return { path: segment === "**" ? "*" : `:${name}`, value: `{${name}}` };
    });
    return { path: parts.map(({ path }) => path).join("/"), value: parts.map(({ value }) => value).join("/") };
  };
  const path = template.replaceAll(/\{([^=}]+)(?:=([^}]*))?\}|\*\*|\*/g, (whole, field: string | undefined, segments = "*") => {
    if (field === undefined) return bind(whole).path;
    const bound = bind(segments as string);
    variables.push({ field, value: bound.value });
    return bound.path;
  });
  return /\*./.test(path) ? undefined : { text: `${verb} ${path}`, body, variables };
}

function setText(type: DescMessage, message: JsonObject, path: string, texts: readonly string[]): void {
  const field = fieldAt(type, path);
  const values = texts.map((text) => valueOf(field, text));
  setField(type, message, path, field.fieldKind === "list" ? values : (values.at(-1) as JsonValue));
}

function setField(type: DescMessage, message: JsonObject, path: string, value: JsonValue): void {
  const names = path.split(".");
  const last = names.pop() as string;
  let object = message;
  let at: DescMessage | undefined = type;
  for (const name of names) {
    const field: DescField | undefined = at === undefined ? undefined : findField(at, name);
    const key = field?.jsonName ?? name;
    const inner: JsonObject = { ...(object[key] as JsonObject | undefined) };
    object[key] = inner;
    object = inner;
    at = field?.message;
  }
  const field = at === undefined ? undefined : findField(at, last);
  // The body may have named the field by its other name: one of them only.
  if (field !== undefined) delete object[field.name];
  object[field?.jsonName ?? last] = value;
}

function fieldAt(type: DescMessage, path: string): DescField {
  let message: DescMessage | undefined = type;
  let field: DescField | undefined;
  for (const name of path.split(".")) {
    field = message === undefined ? undefined : findField(message, name);
    message = field?.message;
  }
  if (field === undefined) throw new GateError("invalid_argument", `${path} is no field of ${type.typeName}`);
  return field;
}

function findField(type: DescMessage, name: string): DescField | undefined {
  return type.fields.find((one) => one.name === name || one.jsonName === name);
}

/** Text as JSON: numbers may stay text there, booleans and the numbers of enums may not. */
function valueOf(field: DescField, text: string): JsonValue {
  const isBool = field.scalar === ScalarType.BOOL || field.message?.typeName === "google.protobuf.BoolValue";
  if (isBool && (text === "true" || text === "false")) return text === "true";
  if (field.enum !== undefined && /^-?\d+$/.test(text)) return Number(text);
  return text;
}
