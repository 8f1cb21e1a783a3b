import { create, toBinary } from "@bufbuild/protobuf";
import { GateError, type GateHost, type Timer } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import type { GrpcReply } from "../messages/grpc-reply.ts";
import { takesOne } from "../messages/serve-call.ts";
import { HealthCheckRequestSchema, HealthCheckResponseSchema, HealthListResponseSchema } from "../schema/health.ts";
import { decode } from "./decode.ts";

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const Serving = { serving: 1, notServing: 2, unknown: 3 } as const;

const lookMs = 1000;
const maxBytes = 4096;

/**
 * `grpc.health.v1.Health`, by path.
 *
 * The empty name is the gate: serving while every door is open and it does not drain. A service serves while a ready worker does.
 */
export function healthService(gate: GateHost, own: ReadonlySet<string>): [path: string, handler: CallHandler][] {
  const watchers = new Watchers(gate, (service) => statusOf(gate, own, service));
  return [
    [
      "/grpc.health.v1.Health/Check",
      takesOne({ maxBytes, isStream: false }, (message, { reply }) => {
        const { service } = decode(HealthCheckRequestSchema, message);
        const status = statusOf(gate, own, service);
        if (status === Serving.unknown) throw new GateError("not_found", `service ${JSON.stringify(service)} is not known here`);
        reply.end(toResponse(status));
      }),
    ],
    [
      "/grpc.health.v1.Health/List",
      takesOne({ maxBytes, isStream: false }, (_message, { reply }) => {
        const names = ["", ...own, ...gate.status.services().map(({ name }) => name)];
        const statuses = Object.fromEntries(names.map((name) => [name, { status: statusOf(gate, own, name) }]));
        reply.end(toBinary(HealthListResponseSchema, create(HealthListResponseSchema, { statuses })));
      }),
    ],
    [
      "/grpc.health.v1.Health/Watch",
      takesOne({ maxBytes, isStream: true }, (message, { reply, stream }) => {
        const leave = watchers.add(decode(HealthCheckRequestSchema, message).service, reply);
        stream.once("close", leave);
      }),
    ],
  ];
}

function statusOf(gate: GateHost, own: ReadonlySet<string>, service: string): number {
  const isReady = gate.status.isReady();
  if (service === "" || own.has(service)) return isReady ? Serving.serving : Serving.notServing;
  const known = gate.status.services().find(({ name }) => name === service);
  if (known === undefined) return Serving.unknown;
  return isReady && known.workers > 0 ? Serving.serving : Serving.notServing;
}

function toResponse(status: number): Uint8Array {
  return toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status }));
}

interface Watcher {
  service: string;
  reply: GrpcReply;
  told: number;
}

/** Who watches: told when a look finds another status. One timer looks for all of them, because workers fall silent without an event. */
class Watchers {
  readonly #gate: GateHost;
  readonly #statusOf: (service: string) => number;
  readonly #watchers = new Set<Watcher>();
  #timer: Timer | undefined;

  constructor(gate: GateHost, statusOf: (service: string) => number) {
    this.#gate = gate;
    this.#statusOf = statusOf;
    gate.onMethodsChanged(() => {
      if (this.#watchers.size > 0) setImmediate(() => this.#look());
    });
  }

  /** Tells the status now and at every change; returns how to stop. */
  add(service: string, reply: GrpcReply): () => void {
    const watcher = { service, reply, told: -1 };
    this.#watchers.add(watcher);
    this.#timer ??= this.#gate.clock.every(lookMs, () => this.#look());
    this.#look();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#timer?.clear();
      this.#timer = undefined;
    };
  }

  #look(): void {
    const statuses = new Map<string, number>();
    for (const watcher of this.#watchers) {
      const status = statuses.get(watcher.service) ?? this.#statusOf(watcher.service);
      statuses.set(watcher.service, status);
      if (status === watcher.told) continue;
      watcher.told = status;
      watcher.reply.chunk(toResponse(status));
    }
  }
}
