import type { MethodDefinition, ServiceDefinition } from "../worker/define-service.ts";
import type { Reply } from "../worker/reply.ts";

/** A reply of one value: await it. */
export type RemoteValue<Value> = PromiseLike<Value> & Pick<Promise<Value>, "catch" | "finally"> & { cancel(reason?: string): void };

/** A reply of many values: iterate it. */
export type RemoteStream<Value> = AsyncIterable<Value> & { cancel(reason?: string): void };

type Streams<Result> =
  Awaited<Result> extends AsyncIterable<infer Value>
    ? { value: Value }
    : Awaited<Result> extends Generator<infer Value, unknown, unknown>
      ? { value: Value }
      : never;

type RemoteResult<Result> = [Streams<Result>] extends [never]
  ? RemoteValue<Unwrapped<Awaited<Result>>>
  : RemoteStream<Streams<Result>["value"]>;

type Unwrapped<Result> = Result extends Reply<infer Body> ? Body : Result;

type RemoteMethod<M> = M extends (...args: infer Args) => infer Result
  ? (...args: Args) => RemoteResult<Result>
  : M extends MethodDefinition<infer Args, infer Result>
    ? (...args: Args) => RemoteResult<Result>
    : never;

type RemoteMethods<Methods> = {
  readonly [Name in keyof Methods as RemoteMethod<Methods[Name]> extends never ? never : Name]: RemoteMethod<Methods[Name]>;
};

/** A service as its callers see it, from the type of its module or of its `defineService`. */
export type Remote<Api> = Api extends { default: ServiceDefinition<infer Methods> }
  ? RemoteMethods<Methods>
  : Api extends ServiceDefinition<infer Methods>
    ? RemoteMethods<Methods>
    : RemoteMethods<Api>;

/** A service whose types are not known: every name is a method of anything. */
export type UntypedRemote = Readonly<Record<string, (...args: unknown[]) => RemoteValue<unknown> & AsyncIterable<unknown>>>;
