import { currentJob, defineService, method } from "unigate";
import { createFetchHandler, type FetchConfig, type FetchHandler, type FetchOptions } from "unigate/fetch";
import { onTestFinished } from "vitest";
import { methods } from "../methods.ts";

/** What became of the caller of `wait`. */
export const waiting = { aborted: "", isWaiting: false };

/** Methods for callers without a port. */
export const service = defineService("t", {
  ...methods,
  size: method({ http: "PUT /size" }, (body) => (body as Uint8Array).length),
  wait: () => {
    waiting.isWaiting = true;
    currentJob().signal.addEventListener("abort", () => (waiting.aborted = "yes"));
    return new Promise(() => {});
  },
});

/** A handler over the methods above, closed when the test is over. */
export function handlerOf(config: FetchConfig = {}, options: FetchOptions = {}): FetchHandler {
  const handler = createFetchHandler({ settle: 0, ...config }, { services: [service], ...options });
  onTestFinished(() => handler.close());
  return handler;
}

/** A POST of JSON to a path. */
export function post(path: string, body: unknown, init: RequestInit = {}): Request {
  const headers = { "content-type": "application/json", ...(init.headers as Record<string, string>) };
  return new Request(`http://gate.test${path}`, { method: "POST", body: JSON.stringify(body), ...init, headers });
}

/** A request without a body. */
export function ask(path: string, init: RequestInit = {}): Request {
  return new Request(`http://gate.test${path}`, init);
}
