import type { MethodInfo } from "unigate/transport";
import type { Binding } from "../bindings.ts";
import { problemType } from "../problem.ts";
import type { MethodInput } from "./method-input.ts";
import { pointerTo, type Schema } from "./schema.ts";

/** An operation object of OpenAPI. */
export type Operation = Readonly<Record<string, unknown>>;

/** Where the error of an operation is told. */
export const problemResponse: string = pointerTo("components", "responses", "Problem");
/** HTTP methods whose requests bring their arguments in the query. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

/** What a document has once for all operations. */
export const sharedComponents: { responses: Readonly<Record<string, unknown>>; schemas: Readonly<Record<string, Schema>> } = {
  responses: {
    Problem: {
      description: "What went wrong, and its code",
      content: { [problemType]: { schema: { $ref: pointerTo("components", "schemas", "Problem") } } },
    },
  },
  schemas: {
    Problem: {
      description: "Problem details of RFC 9457",
      type: "object",
      properties: {
        type: { type: "string" },
        title: { type: "string" },
        status: { type: "integer" },
        detail: { type: "string" },
        code: { type: "string", description: "One of the gate's error codes, such as not_found" },
        request_id: { type: "string" },
        details: { type: "object" },
      },
      required: ["type", "title", "status", "detail", "code"],
    },
  },
};

/** The operation of `POST /call/Service.method`: arguments by position, by name, or one. */
export function callOperation(method: MethodInfo, { whole, named }: MethodInput, result: Schema): Operation {
  const isNamed = method.params !== undefined;
  const parts = isNamed ? [...named.values()] : [{ schema: whole, isRequired: false }];
  const firstOptional = parts.findIndex(({ isRequired }) => !isRequired);
  const positional = {
    type: "array",
    description: "Arguments by position",
    ...(parts.length === 0 ? {} : { prefixItems: parts.map(({ schema }) => schema) }),
    ...(isNamed ? { minItems: firstOptional < 0 ? parts.length : firstOptional, maxItems: parts.length } : {}),
  };
  return { ...about(method), requestBody: jsonBody({ anyOf: [whole, positional] }, false), responses: responsesOf(method, result) };
}

/** The operation of a bound route: arguments from its path, its query and its body. */
export function boundOperation(
  method: MethodInfo,
  { whole, named }: MethodInput,
  result: Schema,
  route: Binding,
  pathNames: readonly PathName[],
): Operation {
  const inPath = new Set(pathNames.map(({ argument }) => argument));
  const left = [...named].filter(([name]) => !inPath.has(name));
  const isBodiless = bodiless.has(route.method);
  const parameters = [
    ...pathNames.map(({ name, argument }) => ({ name, in: "path", required: true, schema: named.get(argument)?.schema ?? {} })),
    ...(isBodiless ? left.map(([name, { schema, isRequired }]) => ({ name, in: "query", required: isRequired, schema })) : []),
  ];
  const isWhole = inPath.size === 0 || named.size === 0;
  return {
    ...about(method),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isBodiless ? {} : { requestBody: jsonBody(isWhole ? whole : objectOf(left), false) }),
    responses: responsesOf(method, result),
  };
}

/** A part of a path that stands for an argument: its name in the template, and the argument's. */
export interface PathName {
  name: string;
  argument: string;
}

function objectOf(named: readonly [string, { schema: Schema; isRequired: boolean }][]): Schema {
  return {
    type: "object",
    properties: Object.fromEntries(named.map(([name, { schema }]) => [name, schema])),
    required: named.filter(([, { isRequired }]) => isRequired).map(([name]) => name),
  };
}

function about({ name, description }: MethodInfo): Operation {
  return { tags: [name.slice(0, name.lastIndexOf("."))], summary: name, ...(description === undefined ? {} : { description }) };
}

function jsonBody(schema: Schema, required: boolean): Operation {
  return { required, content: { "application/json": { schema } } };
}

function responsesOf({ stream }: MethodInfo, schema: Schema): Operation {
  const value = { schema };
  const content = stream === true ? { "application/x-ndjson": value, "text/event-stream": value } : { "application/json": value };
  const description = stream === true ? "Values, as they come" : "What it returns";
  return { 200: { description, content }, default: { $ref: problemResponse } };
}
