import type { ClientHttp2Session } from "node:http2";
import type { FileRegistry } from "@bufbuild/protobuf";
import { type Clock, GateError, type Logger, type Timer } from "unigate/transport";
import { describeServices, listServices } from "../client/reflection.ts";
import { openConnection, type ServerAddress } from "./connection.ts";

const firstRetryMs = 1000;
const maxRetryMs = 30_000;
/** Time between two questions, in ms: whoever calls methods that nobody has must not keep a server busy. */
const restMs = 10_000;
/** The same for a server that has been away, which it cannot be often. */
const restOfReturnedMs = 1000;
/** Until one that has answered is asked again, in ms: it may serve more by then, and callers with JSON cannot ask for what they do not see. */
const refreshMs = 300_000;
/** Time for all that a server tells, in ms. */
const patienceMs = 10_000;

/** What a server's reflection needs of those around it. */
export interface ReflectionHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells whether a service is one to ask for. */
  wants(service: string): boolean;
  /** It has answered. */
  known(protos: FileRegistry): void;
}

/**
 * The descriptors of one server, by its reflection.
 *
 * It is *at rest* until it is asked; then it is *asking* until the server answers, after 1 s again when it cannot be reached, and each time
 * twice as long, 30 s at most. One that has answered is asked again after five minutes; one that has no reflection, or whose answer makes no
 * sense, leaves it at rest. Asked anew, it waits until 10 s have gone by since the last time; 1 s if the server has been away.
 */
export class ServerReflection {
  readonly #at: ServerAddress;
  readonly #host: ReflectionHost;
  #asking: AbortController | undefined;
  #timer: Timer | undefined;
  #dueAt = Infinity;
  #askedAt = -Infinity;
  #retryMs = firstRetryMs;

  constructor(at: ServerAddress, host: ReflectionHost) {
    this.#at = at;
    this.#host = host;
  }

  /** Asks the server, now or as soon as it may be asked again. */
  ask(): void {
    this.#askAfter(restMs);
  }

  /** The same when it has been away: it may be another version. */
  returned(): void {
    this.#askAfter(restOfReturnedMs);
  }

  /** Asks no more, until it is asked to. */
  rest(): void {
    this.#timer?.clear();
    this.#dueAt = Infinity;
    this.#asking?.abort();
    this.#asking = undefined;
  }

  /** `ms` after the last question, or now if that is over. */
  #askAfter(ms: number): void {
    const waitMs = this.#askedAt + ms - this.#host.clock.now();
    if (waitMs > 0) this.#askIn(waitMs);
    else if (this.#asking === undefined) void this.#ask();
  }

  #askIn(ms: number): void {
    const dueAt = this.#host.clock.now() + ms;
    if (dueAt >= this.#dueAt) return;
    this.#timer?.clear();
    this.#dueAt = dueAt;
    this.#timer = this.#host.clock.after(ms, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    this.rest();
    const asking = new AbortController();
    this.#asking = asking;
    this.#askedAt = this.#host.clock.now();
    const outcome = await reflect(this.#at, this.#host, asking.signal).catch((error: unknown) => GateError.from(error, "internal"));
    if (asking.signal.aborted) return;
    this.#asking = undefined;
    if (!GateError.is(outcome)) {
      this.#retryMs = firstRetryMs;
      this.#host.known(outcome);
      return this.#askIn(refreshMs);
    }
    const { code, message } = outcome;
    if (code === "unavailable") {
      this.#askIn(this.#retryMs);
      this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
    } else if (code !== "unimplemented")
      this.#host.logger.warn("upstream has no sound reflection", { upstream: this.#at.address, reason: message });
  }
}

async function reflect(at: ServerAddress, host: ReflectionHost, signal: AbortSignal): Promise<FileRegistry> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const session: ClientHttp2Session = openConnection(at, host.clock, {
    opened: () => resolve(session),
    goingAway() {},
    maxCalls() {},
    gone: () => reject(new GateError("unavailable", `${at.address} cannot be reached`)),
  });
  const timer = host.clock.after(patienceMs, () => session.destroy());
  try {
    await promise;
    const names = (await listServices(session, { signal })).filter((name) => host.wants(name));
    return await describeServices(session, names, { signal });
  } finally {
    timer.clear();
    session.destroy();
  }
}
