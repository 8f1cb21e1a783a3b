import { Dealer } from "zeromq";
import { payload, serveRounds } from "../../load.ts";

const socket = new Dealer();
socket.connect(`tcp://127.0.0.1:${process.env["FRONT_PORT"]}`);
const bytes = Buffer.from(payload);
const pending = new Map<number, (answer: Buffer) => void>();
let next = 0;
// One send at a time: a second before the first has resolved is refused by zeromq.js.
const outbox: Buffer[][] = [];
let isSending = false;

async function drain(): Promise<void> {
  isSending = true;
  for (let message = outbox.shift(); message !== undefined; message = outbox.shift()) await socket.send(message);
  isSending = false;
}

async function receive(): Promise<void> {
  for await (const [id, answer] of socket) {
    const number = (id as Buffer).readUInt32LE();
    const resolve = pending.get(number);
    pending.delete(number);
    resolve?.(answer as Buffer);
  }
}

void receive();
await serveRounds(
  () =>
    new Promise<Buffer>((resolve) => {
      const id = Buffer.allocUnsafe(4);
      next = (next + 1) >>> 0;
      id.writeUInt32LE(next);
      pending.set(next, resolve);
      outbox.push([id, bytes]);
      if (!isSending) void drain();
    }),
  (answer) => (answer as Buffer).equals(bytes),
);
