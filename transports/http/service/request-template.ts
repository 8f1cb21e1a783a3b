import { GateError } from "unigate/transport";

/** `GET /add/{a}/{b}` taken apart: how the arguments of a call become one HTTP request. */
export interface RequestTemplate {
  verb: string;
  path: string;
  /** Names in braces, in the order of the path. */
  params: readonly string[];
}

/** The request that a call becomes: the path with its query, and the value for the body, if it has one. */
export interface BoundRequest {
  verb: string;
  path: string;
  body: unknown;
}

const verbs: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
const withoutBody: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

/** Reads a template; undefined for what is none. */
export function parseTemplate(text: string): RequestTemplate | undefined {
  const [, verb = "", path = ""] = /^([A-Z]+) (\/[!-~]{0,2000})$/.exec(text) ?? [];
  const rest = path.replaceAll(/\{\w+\}/g, "");
  if (!verbs.has(verb) || /[{}?#\\]/.test(rest) || climbs(rest)) return undefined;
  const params = Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] as string);
  return new Set(params).size === params.length ? { verb, path, params } : undefined;
}

/** Tells whether a template's request may be sent again when nobody knows what became of it. Source: RFC 9110 section 9.2.2. */
export function isIdempotent({ verb }: RequestTemplate): boolean {
  return verb !== "POST" && verb !== "PATCH";
}

/**
 * Binds arguments to a template. Positional ones fill the path in order; one object that has every value of the path fills it by name.
 *
 * What is left is the query of a GET, HEAD or DELETE (one object), else the body (one value). Throws `invalid_argument` that names what is
 * missing or too much; `name` is that of the method.
 */
export function bindRequest(name: string, template: RequestTemplate, args: readonly unknown[]): BoundRequest {
  const { verb, params } = template;
  const named = namedArguments(template, args);
  const values = named === undefined ? args.slice(0, params.length) : params.map((param) => named[param]);
  const missing = params.filter((_, at) => isEmpty(values[at]));
  if (missing.length > 0) throw invalid(name, `${missing.join(", ")} is missing; it calls ${verb} ${template.path}`);
  const path = fillPath(name, template, values);
  const left = named === undefined ? args.slice(params.length) : restOf(named, params);
  if (left.length > 1) throw invalid(name, `${left.length} arguments are left after ${params.join(", ") || "the path"}; pass one object`);
  const [rest] = left;
  if (!withoutBody.has(verb)) return { verb, path, body: rest };
  return { verb, path: path + queryOf(name, rest), body: undefined };
}

/** The one object argument of a call by name. */
function namedArguments({ params }: RequestTemplate, args: readonly unknown[]): Readonly<Record<string, unknown>> | undefined {
  const [only] = args;
  if (args.length !== 1 || !isRecord(only) || params.length === 0) return undefined;
  return params.every((param) => Object.hasOwn(only, param)) ? only : undefined;
}

function fillPath(name: string, { path, params }: RequestTemplate, values: readonly unknown[]): string {
  let at = 0;
  const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(textOf(values[at++]).toWellFormed()));
  // A dot cannot be escaped in a path: whoever reads it takes the escape for the dot.
  if (climbs(filled)) throw invalid(name, `${params.join(", ")} would lead out of ${path}`);
  return filled;
}

function climbs(path: string): boolean {
  return path.split("/").some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

function restOf(named: Readonly<Record<string, unknown>>, params: readonly string[]): unknown[] {
  const rest = Object.fromEntries(Object.entries(named).filter(([name]) => !params.includes(name)));
  return Object.keys(rest).length === 0 ? [] : [rest];
}

function queryOf(name: string, rest: unknown): string {
  if (rest === undefined || rest === null) return "";
  if (!isRecord(rest)) throw invalid(name, `a query is an object, not ${JSON.stringify(rest)}`);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null) query.append(key, textOf(one));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): GateError {
  return new GateError("invalid_argument", `${name}: ${problem}`);
}
