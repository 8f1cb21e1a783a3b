import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { type Clock, GateError, type Timer } from "unigate/transport";
import { MessageReader } from "../messages/message-reader.ts";
import { decode } from "../native/decode.ts";
import { HealthCheckResponseSchema } from "../schema/health.ts";
import { openConnection, type ServerAddress } from "./connection.ts";
import { Keepalive } from "./keepalive.ts";

/** What is heard of a server's health. */
export interface HealthListener {
  /** What it says of itself. */
  told(isServing: boolean): void;
  /** It could be reached, or it could not, or no longer. */
  observed(isAlive: boolean, reason?: string): void;
  /** It can be reached again: it may be another version. */
  returned(): void;
}

const path = "/grpc.health.v1.Health/Watch";
/** A HealthCheckRequest for the server as a whole: no field, no byte. */
const question = Buffer.alloc(5);
const notServing = 2;
const maxBytes = 1024;
const unimplemented = "12";
const firstRetryMs = 1000;
const maxRetryMs = 30_000;

/**
 * Asks a server by `grpc.health.v1.Health/Watch` whether it serves, on a connection of its own, for as long as it can be asked.
 *
 * One that has no such service is not asked again: then the calls alone show how it does. Without a connection it is tried again after
 * 1 s, and each time twice as long, 30 s at most.
 */
export class HealthWatch {
  readonly #at: ServerAddress;
  readonly #clock: Clock;
  readonly #listener: HealthListener;
  readonly #keepaliveMs: number;
  #session: ClientHttp2Session | undefined;
  #keepalive: Keepalive | undefined;
  #timer: Timer | undefined;
  #retryMs = firstRetryMs;
  #isOver = false;
  #hasConnected = false;

  constructor(at: ServerAddress, clock: Clock, keepaliveMs: number, listener: HealthListener) {
    this.#at = at;
    this.#clock = clock;
    this.#keepaliveMs = keepaliveMs;
    this.#listener = listener;
    this.#connect();
  }

  /** Looks after a connection that is silent; call it now and then. */
  sweep(now: number): void {
    this.#keepalive?.look(now);
  }

  close(): void {
    this.#isOver = true;
    this.#timer?.clear();
    this.#session?.destroy();
  }

  #connect(): void {
    let isGraceful = false;
    const session = openConnection(this.#at, this.#clock, {
      opened: () => {
        this.#retryMs = firstRetryMs;
        this.#listener.observed(true);
        if (this.#hasConnected) this.#listener.returned();
        this.#hasConnected = true;
        this.#ask(session);
      },
      goingAway() {
        isGraceful = true;
        session.close();
      },
      maxCalls() {},
      gone: () => {
        if (this.#isOver) return;
        if (!isGraceful) this.#listener.observed(false, `${this.#at.address} cannot be reached`);
        this.#again();
      },
    });
    this.#session = session;
    this.#keepalive = new Keepalive(session, this.#keepaliveMs);
  }

  #again(): void {
    this.#timer = this.#clock.after(this.#retryMs, () => this.#connect());
    this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
  }

  #ask(session: ClientHttp2Session): void {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
    const reader = new MessageReader({ encoding: "identity", maxBytes });
    let ended: IncomingHttpHeaders = {};
    const hear = (headers: IncomingHttpHeaders): void => {
      if (headers["grpc-status"] !== undefined || Number(headers[":status"] ?? 200) !== 200) ended = headers;
    };
    stream.on("response", hear);
    stream.on("trailers", hear);
    stream.on("error", () => {});
    stream.on("data", (bytes: Buffer) => {
      try {
        reader.push(bytes, (message) => {
          this.#listener.told(decode(HealthCheckResponseSchema, message).status !== notServing);
          return true;
        });
      } catch (error) {
        stream.destroy(GateError.from(error));
      }
    });
    stream.on("close", () => this.#answered(session, ended));
    stream.end(question);
  }

  /** The watch has ended although nobody asked it to: the server has no such service, or it is about to go. */
  #answered(session: ClientHttp2Session, ended: IncomingHttpHeaders): void {
    if (this.#isOver || session.destroyed) return;
    const isUnknown = ended["grpc-status"] === unimplemented || (ended["grpc-status"] === undefined && ended[":status"] !== undefined);
    if (isUnknown) {
      this.#listener.told(true);
      return this.close();
    }
    this.#timer = this.#clock.after(this.#retryMs, () => {
      if (!session.destroyed && !session.closed) this.#ask(session);
    });
  }
}
