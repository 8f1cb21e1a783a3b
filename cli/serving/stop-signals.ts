import { exitCodes } from "../report-error.ts";

/** What a long-running command does when it is told to stop. */
export interface StopHandler {
  /** SIGTERM or the first Ctrl-C: finish what runs, then leave. */
  drain(): Promise<void>;
  /** The second Ctrl-C: leave nothing behind. */
  abandon?(): void;
}

/** Resolves when the process has been told to stop and has drained; a second Ctrl-C leaves at once with 130. */
export function untilStopped(handler: StopHandler): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping && signal === "SIGINT") {
      handler.abandon?.();
      process.exit(exitCodes.interrupted);
    }
    if (isStopping) return;
    isStopping = true;
    handler.drain().then(resolve, reject);
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  // A supervised process leaves with its supervisor.
  process.on("disconnect", () => stop("disconnect"));
  return promise;
}
