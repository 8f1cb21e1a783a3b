/** A bound that a figure must keep. */
export interface Target {
  readonly least?: number;
  readonly most?: number;
  readonly unit?: string;
}

/** Everything that this benchmark is held to, in one place. */
export const targets = {
  /** Echo, 256 in flight: Gate over ZeroMQ ÷ Moleculer's best transport. */
  overMoleculer: { least: 3 },
  /** Echo, 1 in flight: Gate over ZeroMQ ÷ a raw zeromq.js broker. */
  overRawAtOne: { least: 0.85 },
  /** Echo, 256 in flight: Gate over WebSocket links ÷ over ZeroMQ. */
  overZeroMq: { least: 0.6 },
  /** HTTP: Gate to a ZeroMQ worker ÷ moleculer-web to its worker. */
  overMoleculerWeb: { least: 2.5 },
  /** Reverse proxy, one process each: Gate ÷ @fastify/http-proxy. */
  overFastifyProxy: { least: 1.8 },
  /** Reverse proxy, one process each: Gate ÷ nginx. */
  overNginx: { least: 0.6 },
  /** What a proxy adds to a request on one connection: Gate ÷ nginx. */
  addedLatency: { most: 2 },
  /** What a call costs beside a thousand registered workers ÷ with one. */
  crowdCost: { most: 1.3 },
  /** gRPC proxy, unary, one process each: Gate ÷ nginx grpc_pass. */
  grpcOverNginx: { least: 1 },
  /** The same: Gate ÷ a bare pass-through of node:http2. */
  grpcOverPassThrough: { least: 0.8 },
  /** The same: Gate ÷ a proxy made with grpc-js. */
  grpcOverJs: { least: 3 },
  /** One stream of 1 GB: through Gate ÷ direct. */
  grpcStream: { least: 0.5 },
  /** What the gate has held at most by then. */
  grpcStreamMemory: { most: 150, unit: "MB" },

  /** Redis, 256 in flight: calls per second, or else the share of a bare streams loop. */
  redisCalls: { least: 40_000 },
  overStreams: { least: 0.8 },
  /** Redis: Gate ÷ BullMQ `waitUntilFinished`, 1 and 32 in flight. */
  overBullMqAtOne: { least: 2 },
  overBullMqAt32: { least: 5 },
  /** Redis, 256 in flight: Gate ÷ Moleculer, which acknowledges nothing. */
  overMoleculerRedis: { least: 1.2 },
  help: { most: 150, unit: "ms" },
  ready: { most: 600, unit: "ms" },
  idle: { most: 120, unit: "MB" },
} as const satisfies Record<string, Target>;

/** Whether a figure keeps its bound, in words for a table. */
export function verdict(value: number | undefined, { least, most, unit }: Target): string {
  const bound = `${least === undefined ? `≤ ${most}` : `≥ ${least}`}${unit === undefined ? "" : ` ${unit}`}`;
  if (value === undefined) return `not measured (${bound})`;
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity) ? `met (${bound})` : `MISSED (${bound})`;
}
