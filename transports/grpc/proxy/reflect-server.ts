import type { ClientHttp2Session } from "node:http2";
import type { FileRegistry } from "@bufbuild/protobuf";
import { type Clock, GateError, type Logger, type Timer } from "unigate/transport";
import { describeServices, listServices } from "../client/reflection.ts";
import { openConnection, type ServerAddress } from "./connection.ts";

const firstRetryMs = 1000;
const maxRetryMs = 30_000;
/** Time for all that a server tells, in ms. */
const patienceMs = 10_000;

/**
 * Asks a server for the descriptors of its services that `wants` names, until it answers: `known` is then called, once.
 *
 * Not asked again is one that has no reflection, or whose answer makes no sense. Gives what stops it.
 */
export function reflectServer(
  at: ServerAddress,
  { clock, logger }: { clock: Clock; logger: Logger },
  wants: (service: string) => boolean,
  known: (protos: FileRegistry) => void,
): () => void {
  const over = new AbortController();
  let timer: Timer | undefined;
  let retryMs = firstRetryMs;
  const ask = async (): Promise<void> => {
    try {
      const protos = await reflect(at, clock, wants, over.signal);
      if (!over.signal.aborted) known(protos);
    } catch (error) {
      const { code, message } = GateError.from(error, "internal");
      if (over.signal.aborted || code === "unimplemented") return;
      if (code !== "unavailable") return logger.warn("upstream has no sound reflection", { upstream: at.address, reason: message });
      timer = clock.after(retryMs, () => void ask());
      retryMs = Math.min(maxRetryMs, retryMs * 2);
    }
  };
  void ask();
  return () => {
    over.abort();
    timer?.clear();
  };
}

async function reflect(at: ServerAddress, clock: Clock, wants: (service: string) => boolean, signal: AbortSignal): Promise<FileRegistry> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const session: ClientHttp2Session = openConnection(at, clock, {
    opened: () => resolve(session),
    goingAway() {},
    maxCalls() {},
    gone: () => reject(new GateError("unavailable", `${at.address} cannot be reached`)),
  });
  const timer = clock.after(patienceMs, () => session.destroy());
  try {
    await promise;
    const names = (await listServices(session, { signal })).filter(wants);
    return await describeServices(session, names, { signal });
  } finally {
    timer.clear();
    session.destroy();
  }
}
