import { Dealer } from "zeromq";
import { serveRounds } from "../../load.ts";
import { createOutbox, unlimited } from "./outbox.ts";

const socket = new Dealer(unlimited);
const send = createOutbox(socket);
const pending = new Map<number, (answer: Buffer) => void>();
let next = 0;

socket.connect(`tcp://127.0.0.1:${process.env["FRONT_PORT"]}`);
void takeAnswers();
await serveRounds(
  (data) =>
    new Promise((resolve) => {
      const id = Buffer.allocUnsafe(4);
      next = (next + 1) >>> 0;
      id.writeUInt32LE(next);
      pending.set(next, resolve);
      send([id, data]);
    }),
);

async function takeAnswers(): Promise<void> {
  for await (const [id, answer] of socket) {
    if (id === undefined || answer === undefined) continue;
    const number = id.readUInt32LE();
    const resolve = pending.get(number);
    pending.delete(number);
    resolve?.(answer);
  }
}
