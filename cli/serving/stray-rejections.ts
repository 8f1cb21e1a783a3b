import type { Logger } from "unigate/transport";

/**
 * Logs a rejected promise that nobody looks at, instead of ending the process: it comes from a handler, and would take every other
 * running job with it. An exception that nobody catches still ends the process.
 */
export function survive(logger: Logger): void {
  process.on("unhandledRejection", (reason) => {
    logger.error("a promise was rejected and nobody awaits it", {
      error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    });
  });
}
