import { context } from "zeromq";

// Every connection needs a socket for itself and one for its events; libzmq's default of 1023 would end at some 500 links.
context.maxSockets = Math.min(context.maxSocketsLimit, 65_000);

// libzmq's I/O thread runs as SCHED_BATCH (3): when a send wakes it, it does not push the sending thread off its core in mid-frame.
// Measured on two cores: +15 % calls per second at 1 in flight, +10 % at 256. Other systems have no such policy.
if (process.platform === "linux") context.threadSchedulingPolicy = 3;

/**
 * How both ends set their sockets.
 *
 * `sendTimeout: 0` makes every `send` immediate: it is queued in libzmq or fails at once, so two never overlap (zeromq.js allows one
 * at a time) and a peer that does not read can never hold up the others. What piles up for such a peer is bounded by the high-water
 * mark, in frames; beyond it the peer's connection is closed.
 */
export const socketOptions = {
  linger: 1000,
  sendTimeout: 0,
  sendHighWaterMark: 10_000,
  receiveHighWaterMark: 10_000,
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 60,
} as const;

/** What a carrier adds to the largest record, in bytes: one frame may hold a block of small records before a large one. */
export const frameRoomBytes: number = 64 * 1024;

/**
 * Calls `end` once the last frames of a connection that libzmq reports as gone have been read: they may still wait in the socket, and
 * news of the end overtakes them. A busy loop may run timers before it polls, so a full turn of it is awaited as well.
 */
export function afterLastFrames(end: () => void): void {
  setTimeout(() => setImmediate(() => setImmediate(end)), lastFramesMs);
}

const lastFramesMs = 10;

/** Largest frame of a client or worker, in bytes, until the gate names its own limit. */
export const maxFrameBytes: number = 1024 * 1024 * 1024;
