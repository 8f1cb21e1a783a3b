import type { JobContext } from "./job-context.ts";
import type { Reply } from "./reply.ts";
import type { InputOf, OutputOf, StandardSchema } from "./standard-schema.ts";

/** Where a method runs: in the event loop of its worker, on a thread of a pool, or in a process of a pool. */
export type Executor = "loop" | "thread" | "process";

/** Parameters in order: a positional call, a named call and an HTTP request all bind to them. */
export type Params = Readonly<Record<string, StandardSchema>>;

/** What may be said of a method besides its handler. */
export interface MethodOptions {
  description?: string;
  /** Checks the one argument and gives it its type. Not together with `params`. */
  input?: StandardSchema;
  /** Names and checks the arguments, in order. Not together with `input`. */
  params?: Params;
  /** Checks what it returns, or each value of its stream, and gives it its type; one that it refuses fails the job as `internal`. */
  output?: StandardSchema;
  /** HTTP bindings: `"POST /api/x/:id"`. Path, query and body become named arguments. */
  http?: string | readonly string[];
  /** The method may run more than once for one job: it is tried again when its worker dies. */
  idempotent?: boolean;
  executor?: Executor;
}

/** A handler with its options, as `method` makes it. */
export interface MethodDefinition<Args extends readonly unknown[] = readonly never[], Result = unknown> {
  readonly options: MethodOptions;
  readonly handler: (input: never, job: JobContext) => Result;
  /** Carries the caller's argument types; never set. */
  readonly call?: (...args: Args) => Result;
}

/** What callers pass for declared `params`: one object, keys with a default left out as they like. */
export type NamedInput<P extends Params> = {
  [K in keyof P as undefined extends InputOf<P[K]> ? never : K]: InputOf<P[K]>;
} & {
  [K in keyof P as undefined extends InputOf<P[K]> ? K : never]?: InputOf<P[K]>;
};

type Handled<Input, Result> = (input: Input, job: JobContext) => Result;

/** What a handler may return whose method has an `output`: a value that the schema takes, now or later, a reply with one, or a stream of such. */
type Returned<O> = O extends StandardSchema ? Once<InputOf<O>> | Promise<Once<InputOf<O>>> | Streamed<InputOf<O>> : unknown;
type Once<Value> = Value | Reply<Value>;
type Streamed<Value> = AsyncIterable<Value> | Generator<Value>;

/** What callers get of it. */
type Given<Result, O> = O extends StandardSchema ? (Result extends Streamed<unknown> ? AsyncIterable<OutputOf<O>> : OutputOf<O>) : Result;

/**
 * A method with options: `method({ input: schema }, (input, job) => …)`.
 *
 * Use a plain function where neither schema, HTTP binding nor executor is needed.
 */
export function method<P extends Params, Result extends Returned<O>, O extends StandardSchema | undefined = undefined>(
  options: MethodOptions & { params: P; input?: never; output?: O },
  handler: Handled<{ [K in keyof P]: OutputOf<P[K]> }, Result>,
): MethodDefinition<[input: NamedInput<P>], Given<Result, O>>;
export function method<S extends StandardSchema, Result extends Returned<O>, O extends StandardSchema | undefined = undefined>(
  options: MethodOptions & { input: S; params?: never; output?: O },
  handler: Handled<OutputOf<S>, Result>,
): MethodDefinition<[input: InputOf<S>], Given<Result, O>>;
export function method<Input, Result extends Returned<O>, O extends StandardSchema | undefined = undefined>(
  options: MethodOptions & { input?: never; params?: never; output?: O },
  handler: Handled<Input, Result>,
): MethodDefinition<undefined extends Input ? [input?: Input] : [input: Input], Given<Result, O>>;
export function method(options: MethodOptions, handler: Handled<never, unknown>): MethodDefinition {
  return { options, handler };
}

/** A function of a service: plain, or made by `method`. */
export type Method = ((...args: never[]) => unknown) | MethodDefinition<never>;

/** A named set of methods. */
export interface ServiceDefinition<Methods extends Readonly<Record<string, Method>> = Readonly<Record<string, Method>>> {
  readonly kind: "unigate.service";
  readonly name: string;
  readonly methods: Methods;
}

/**
 * Names a service and its methods, for a worker to serve and for callers to take their types from.
 *
 * @example
 * ```ts
 * import { defineService } from "unigate/worker";
 *
 * export default defineService("greeter", { hello: (name: string) => `Hello, ${name}` });
 * ```
 */
export function defineService<Methods extends Readonly<Record<string, Method>>>(
  name: string,
  methods: Methods,
): ServiceDefinition<Methods> {
  return { kind: "unigate.service", name, methods };
}

/** Tells whether `value` came from `defineService`. */
export function isServiceDefinition(value: unknown): value is ServiceDefinition {
  return typeof value === "object" && value !== null && (value as Partial<ServiceDefinition>).kind === "unigate.service";
}
