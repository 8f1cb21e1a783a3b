import { METHODS } from "node:http";
import findMyWay, { type HTTPMethod } from "find-my-way";
import { bindingForm, GateError, type GateHost, type MethodInfo, parseBinding, pathShape, sharedBindingText } from "unigate/transport";
import { controlPathOf } from "./control-path.ts";

/** A request's match among the bound routes. */
export interface Match {
  target: string;
  binding: string;
  params: Readonly<Record<string, string | undefined>>;
  /** Bound with `ANY`: the request passes to the method as it is. */
  passes: boolean;
}

/** A bound route, in parts. */
export interface Binding {
  method: string;
  path: string;
  target: string;
  passes: boolean;
}

/** Tells which targets keep their paths, so that those of all others are free for the next one, and which paths are pages of plugins. */
type PathHolder = Pick<GateHost, "holdsPaths" | "page">;

type Router = ReturnType<typeof findMyWay>;

/**
 * The HTTP routes that workers and the config bind to methods: an HTTP method, `:params` and a `*` at the end.
 *
 * `ANY /app/*` is for methods that are HTTP servers: every request to `/app` and below passes as it is.
 */
export class Bindings {
  readonly #control: string;
  readonly #gate: PathHolder;
  #router: Router = newRouter();
  #bound: Binding[] = [];
  #hasPassing = false;

  constructor(control: string, gate: PathHolder) {
    this.#control = control;
    this.#gate = gate;
  }

  /** Tells whether any binding is one of `ANY`. */
  get hasPassing(): boolean {
    return this.#hasPassing;
  }

  /** Replaces all bindings at once; returns those that were left out, each with the reason. */
  replace(methods: readonly MethodInfo[]): string[] {
    const router = newRouter();
    const bound: Binding[] = [];
    const refused: string[] = [];
    for (const info of methods.toSorted((a, b) => this.#rank(a) - this.#rank(b))) {
      for (const text of info.http ?? []) {
        const refusal = this.#refusal(text, info.name, bound) ?? add(router, text, info.name, bound);
        if (refusal !== undefined && this.#gate.holdsPaths(info.name)) refused.push(`${info.name}: ${refusal}`);
      }
    }
    this.#router = router;
    this.#bound = bound;
    this.#hasPassing = bound.some(({ passes }) => passes);
    return refused;
  }

  /** Why a method's bindings cannot join those that are there, or undefined. */
  refusal(info: MethodInfo): string | undefined {
    for (const text of info.http ?? []) {
      const firm = this.#bound.filter(({ target }) => this.#gate.holdsPaths(target));
      const refusal = this.#refusal(text, info.name, firm) ?? add(newRouter(), text, info.name, []);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Every route that is bound. */
  get bound(): readonly Binding[] {
    return this.#bound;
  }

  find(method: string, path: string): Match | undefined {
    const found = this.#router.find(method as HTTPMethod, path) ?? (method === "HEAD" ? this.#router.find("GET", path) : null);
    // `/*` and `/:name` match the gate's own paths too.
    if (found === null || this.isOwnPath(path)) return undefined;
    const { target, binding } = found.store as { target: string; binding: string };
    return { target, binding, params: found.params, passes: binding.startsWith(anyMethod) };
  }

  /** The HTTP methods under which `path` is bound. */
  methodsOf(path: string): string[] {
    return boundMethods.filter((method) => this.#router.find(method as HTTPMethod, path) !== null);
  }

  /** Whose workers are gone may find its paths taken when they come back. */
  #rank(info: MethodInfo): number {
    return this.#gate.holdsPaths(info.name) ? 0 : 1;
  }

  /** Tells whether a request's path is one of the gate's own or of a plugin's, or below one of the gate's. */
  isOwnPath(path: string): boolean {
    const question = path.indexOf("?");
    const bare = question < 0 ? path : path.slice(0, question);
    return this.#ownPathOf(bare) !== undefined;
  }

  #ownPathOf(path: string): string | undefined {
    if (!path.startsWith(this.#control)) return undefined;
    const own = path.slice(this.#control.length);
    return this.#gate.page(own) === undefined ? controlPathOf(own) : own;
  }

  #refusal(text: string, target: string, bound: readonly Binding[]): string | undefined {
    const parsed = parse(text);
    if (parsed === undefined) return malformed(text);
    const { methods, path } = parsed;
    const control = this.#ownPathOf(path);
    if (control !== undefined)
      return `http binding "${text}" collides with the gate's own ${this.#control}${control}; choose another path, or move the gate's with http({ control: "/_gate" })`;
    const other = bound.find((one) => methods.includes(one.method) && pathShape(one.path) === pathShape(path) && one.target !== target);
    if (other !== undefined) return sharedBindingText({ binding: text, holder: other.target });
    return undefined;
  }
}

const noHandler = (): void => {};

const boundMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const anyMethod = "ANY ";
const everyMethod = METHODS.filter((method) => method !== "CONNECT");

/** Long values (tokens, keys) are fine: the size of a request line is bounded by the server, and no binding holds a regular expression. */
const maxParamLength = 16 * 1024;

function newRouter(): Router {
  return findMyWay({ ignoreTrailingSlash: true, maxParamLength });
}

/** Enters a binding; a method that binds one path twice, or once itself and once in the config, gets it once. Why not, or undefined. */
function add(router: Router, text: string, target: string, bound: Binding[]): string | undefined {
  const parsed = parse(text);
  if (parsed === undefined) return malformed(text);
  const { methods, path } = parsed;
  const passes = text.startsWith(anyMethod);
  // A site lives at `/app` as well as below it.
  const paths = passes && path.length > 2 && path.endsWith("/*") ? [path, path.slice(0, -2)] : [path];
  for (const one of paths) {
    const free = methods.filter((method) => !bound.some((other) => other.method === method && pathShape(other.path) === pathShape(one)));
    try {
      if (free.length > 0) router.on(free as HTTPMethod[], one, noHandler, { target, binding: text });
    } catch (error) {
      return `${malformed(text)} (${GateError.from(error).message})`;
    }
    for (const method of free) bound.push({ method, path: one, target, passes });
  }
  return undefined;
}

function malformed(text: string): string {
  return `http binding ${JSON.stringify(text)} is malformed; ${bindingForm}`;
}

function parse(text: string): { methods: readonly string[]; path: string } | undefined {
  const parsed = parseBinding(text);
  return parsed && { methods: parsed.verb === "ANY" ? everyMethod : [parsed.verb], path: parsed.path };
}
