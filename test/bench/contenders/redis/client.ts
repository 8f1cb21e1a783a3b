import { Redis } from "ioredis";
import { serveRounds } from "../../load.ts";

const port = Number(process.env["REDIS_PORT"]);
const reader = new Redis(port, { protocol: 2 });
const writer = new Redis(port, { protocol: 2, enableAutoPipelining: true });
const inbox = "bare:inbox";
const waiting = new Map<number, (answer: Buffer) => void>();
let count = 0;

type Entries = [Buffer, [Buffer, Buffer[]][]][] | null;

async function readAnswers(): Promise<void> {
  for (let last = "0-0"; ;) {
    const reply = (await reader.callBuffer("XREAD", "COUNT", 1024, "BLOCK", 5000, "STREAMS", inbox, last)) as Entries;
    for (const [id, [, number, , payload]] of reply?.[0]?.[1] ?? []) {
      last = id.toString();
      const key = Number(number);
      waiting.get(key)?.(payload as Buffer);
      waiting.delete(key);
    }
    void writer.xtrim(inbox, "MINID", last);
  }
}

void readAnswers();
await serveRounds((data) => {
  const number = ++count;
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  waiting.set(number, resolve);
  void writer.xadd("bare:jobs", "*", "f", inbox, "n", number, "p", data);
  return promise;
});
