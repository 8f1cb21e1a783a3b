import { type Duration, GateError, parseDuration } from "unigate/transport";
import type { StandardSchema } from "unigate/worker";
import { isIdempotent, parseTemplate, type RequestTemplate } from "./request-template.ts";

/** What may be said of a method besides its path. */
export interface HttpMethodOptions<Result> {
  /** Checks the result and gives it its type: zod, valibot, arktype, …. */
  response?: StandardSchema<unknown, Result>;
  /** For the whole call, every try included; default that of the service. */
  timeout?: Duration;
  /** It may run more than once; default true but for POST and PATCH. */
  idempotent?: boolean;
}

/** One method of an HTTP service: how its call becomes a request. Make it with `get`, `post`, …. */
export interface HttpMethod<Result = unknown> {
  readonly template: RequestTemplate;
  readonly response: StandardSchema | undefined;
  readonly timeoutMs: number | undefined;
  readonly idempotent: boolean;
  /** Carries the type of the result; never set. */
  readonly result?: Result;
}

/**
 * A method that is `GET path`: arguments fill `{name}` in order, or one object fills them by name; the rest is the query.
 *
 * Throws `invalid_argument` for a path that is none.
 */
export function get<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("GET", path, options);
}

/** `HEAD path`: as `get`, without a result. */
export function head<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("HEAD", path, options);
}

/** `DELETE path`: as `get`. */
export function del<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("DELETE", path, options);
}

/** `POST path`: what the path leaves of the arguments is the JSON body. Sent again only when nothing of it was sent. */
export function post<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("POST", path, options);
}

/** `PUT path`: as `post`, but idempotent. */
export function put<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("PUT", path, options);
}

/** `PATCH path`: as `post`. */
export function patch<Result = never>(path: string, options?: HttpMethodOptions<Result>): HttpMethod<Result> {
  return define("PATCH", path, options);
}

function define<Result>(verb: string, path: string, options: HttpMethodOptions<Result> = {}): HttpMethod<Result> {
  const { response, timeout, idempotent } = options;
  const template = parseTemplate(`${verb} ${path}`);
  if (template === undefined)
    throw new GateError("invalid_argument", `${JSON.stringify(path)} is not a path; write one such as "/add/{a}/{b}", each name once`);
  const timeoutMs = parseDuration(timeout);
  if (timeout !== undefined && timeoutMs === undefined)
    throw new GateError("invalid_argument", `timeout ${JSON.stringify(timeout)} of ${path} is not a duration; write one such as "10s"`);
  return { template, response, timeoutMs, idempotent: idempotent ?? isIdempotent(template) };
}
