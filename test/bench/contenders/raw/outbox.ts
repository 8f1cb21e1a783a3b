import type { Dealer, Router } from "zeromq";

/**
 * Sends messages in order, one ZeroMQ message each.
 *
 * zeromq.js refuses a second send while one is under way, so every socket needs such a queue.
 */
export function createOutbox(socket: Dealer | Router): (message: Buffer[]) => void {
  let waiting: Buffer[][] = [];
  let isSending = false;
  return (message) => {
    waiting.push(message);
    if (!isSending) void drain();
  };

  async function drain(): Promise<void> {
    isSending = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      for (const message of batch) await socket.send(message);
    }
    isSending = false;
  }
}

/** No high-water mark: a ROUTER drops what is above it, and a lost call would hang the closed loop. */
export const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0 };
