/** The gate without a port: a Web-standard `(Request) => Promise<Response>` for function platforms. */
import type { Gate } from "unigate/gate";
import { configError, GateError } from "unigate/transport";
import { toProblem } from "../problem.ts";
import { doorOn, type FetchConfig, type FetchGate, gateOf } from "./fetch-gate.ts";
import { checkFetchOptions, type FetchOptions } from "./options.ts";

/** Answers requests as a gate's HTTP port would; what a platform hands over besides the request goes to the option `remote`. */
export interface FetchHandler extends AsyncDisposable {
  (request: Request, ...platform: readonly unknown[]): Promise<Response>;
  /** Finishes running jobs, then closes. A gate that the handler was given stays. */
  drain(): Promise<void>;
  /** Stops now: running jobs fail as `unavailable`. A gate that the handler was given stays. */
  close(): Promise<void>;
}

/**
 * Makes a gate, or takes one that runs, and gives its HTTP surface as a function: calls, bound routes, streams, the gate's own pages.
 *
 * Nothing opens before the first request. A gate that cannot open is told to the caller as 503, and the next request tries again.
 * Throws one `invalid_argument` that names every fault of the config.
 *
 * @example
 * ```ts
 * import { defineService } from "unigate";
 * import { createFetchHandler } from "unigate/fetch";
 *
 * const greeter = defineService("greeter", { hello: (name: string) => `Hello, ${name}` });
 * export default { fetch: createFetchHandler({}, { services: [greeter] }) };
 * ```
 */
export function createFetchHandler(gate: FetchConfig | Gate, options: FetchOptions = {}): FetchHandler {
  const faults = checkFetchOptions(options);
  if (faults.length > 0) throw configError("createFetchHandler()", faults);
  const open = isGate(gate) ? doorOn(gate, options) : gateOf(gate, options);
  let running: Promise<FetchGate> | undefined;
  let isOver = false;

  const opened = (): Promise<FetchGate> => {
    if (isOver) return Promise.reject(new GateError("unavailable", "this gate is closed"));
    running ??= open().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
  const end = async (how: "drain" | "close"): Promise<void> => {
    isOver = true;
    await (await running?.catch(() => {}))?.[how]();
  };
  const close = (): Promise<void> => end("close");

  return Object.assign(
    async (request: Request, ...platform: readonly unknown[]): Promise<Response> => {
      try {
        const { door } = await opened();
        return await door.answer(request, options.remote?.(request, ...platform) ?? "");
      } catch (error) {
        const { status, headers, body } = toProblem(GateError.from(error, "unavailable"), undefined, 503);
        return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
      }
    },
    { drain: () => end("drain"), close, [Symbol.asyncDispose]: close },
  );
}

function isGate(gate: FetchConfig | Gate): gate is Gate {
  return "status" in gate;
}

export type { FetchConfig } from "./fetch-gate.ts";
export type { FetchOptions } from "./options.ts";
