import { GateError } from "../error/gate-error.ts";
import type { MethodInfo } from "../job/method-info.ts";
import { type Executor, type Method, type MethodOptions, type ServiceDefinition, isServiceDefinition } from "./define-service.ts";
import type { JobContext } from "./job-context.ts";
import { inputSchemaOf, outputSchemaOf } from "./json-schema.ts";
import { isSchema } from "./standard-schema.ts";

/** A method as its worker runs it. */
export interface LoadedMethod {
  readonly info: MethodInfo;
  readonly options: MethodOptions;
  readonly executor: Executor;
  /** A plain function takes its arguments spread, a `method` takes one input and the job. */
  readonly isPlain: boolean;
  readonly call: (args: readonly unknown[], job: JobContext) => unknown;
}

/** Reads the methods of a service; throws `invalid_argument` that names the method and the mistake. */
export function loadService(service: ServiceDefinition): LoadedMethod[] {
  if (!/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(service.name))
    throw new GateError(
      "invalid_argument",
      `service name ${JSON.stringify(service.name)}: use letters, digits, "_", "-" and dots between parts`,
    );
  return Object.entries(service.methods).map(([name, method]) => loadMethod(`${service.name}.${name}`, method));
}

/**
 * Reads the service of a handlers module: its default `defineService`, or every exported function as a method; of CommonJS, those of
 * the object that it exports. `name` is used when the module names no service itself.
 */
export function serviceOfModule(module: Readonly<Record<string, unknown>>, name: string): ServiceDefinition {
  if (isServiceDefinition(module["default"])) return module["default"];
  const whole = module["default"];
  const isObject = typeof whole === "object" && whole !== null;
  const exported = Object.keys(methodsOf(module)).length === 0 && isObject ? (whole as Readonly<Record<string, unknown>>) : module;
  const named = typeof exported["service"] === "string" ? exported["service"] : name;
  const methods = methodsOf(exported);
  if (Object.keys(methods).length === 0)
    throw new GateError("invalid_argument", "it exports no function; export one, such as `export function hello(name: string) { … }`");
  return { kind: "unigate.service", name: named, methods };
}

function methodsOf(exported: Readonly<Record<string, unknown>>): Readonly<Record<string, Method>> {
  // What CommonJS exports as a whole comes under both names.
  const named = Object.entries(exported).filter(([name]) => name !== "default" && name !== "module.exports");
  return Object.fromEntries(named.filter((entry): entry is [string, Method] => isMethod(entry[1])));
}

function loadMethod(name: string, method: Method): LoadedMethod {
  const options: MethodOptions = typeof method === "function" ? {} : method.options;
  const handler = typeof method === "function" ? method : method.handler;
  if (typeof handler !== "function") throw new GateError("invalid_argument", `${name} is not a function`);
  if (options.input !== undefined && options.params !== undefined)
    throw new GateError("invalid_argument", `${name} has both input and params; keep one`);
  if (options.input !== undefined && !isSchema(options.input))
    throw new GateError("invalid_argument", `${name}: input is not a Standard Schema; use one of zod, valibot or arktype`);
  if (options.output !== undefined && !isSchema(options.output))
    throw new GateError("invalid_argument", `${name}: output is not a Standard Schema; use one of zod, valibot or arktype`);
  for (const [param, schema] of Object.entries(options.params ?? {})) {
    if (!isSchema(schema))
      throw new GateError("invalid_argument", `${name}: params.${param} is not a Standard Schema; use one of zod, valibot or arktype`);
  }
  const isPlain = typeof method === "function";
  const plain = handler as (...args: unknown[]) => unknown;
  return {
    info: describe(name, options, handler),
    options,
    executor: options.executor ?? "loop",
    isPlain,
    call: isPlain ? (args) => plain(...args) : (args, job) => plain(args[0], job),
  };
}

function describe(name: string, options: MethodOptions, handler: unknown): MethodInfo {
  const info: MethodInfo = { name };
  if (options.description !== undefined) info.description = options.description;
  if (options.params !== undefined) info.params = Object.keys(options.params);
  const input = inputSchemaOf(options);
  if (input !== undefined) info.input = input;
  const output = outputSchemaOf(options);
  if (output !== undefined) info.output = output;
  if (options.idempotent === true) info.idempotent = true;
  if (options.http !== undefined) info.http = [options.http].flat();
  if (isGeneratorFunction(handler)) info.stream = true;
  return info;
}

function isMethod(value: unknown): value is Method {
  if (typeof value === "function") return !/^class\b/.test(Function.prototype.toString.call(value));
  return typeof value === "object" && value !== null && "handler" in value && "options" in value;
}

function isGeneratorFunction(handler: unknown): boolean {
  const tag = Object.prototype.toString.call(handler);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}
