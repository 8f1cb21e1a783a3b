import { Redis } from "ioredis";

// What somebody writes who needs request and reply over streams, and knows ioredis well: batched reads, pipelined writes.
const port = Number(process.env["REDIS_PORT"]);
const reader = new Redis(port, { protocol: 2 });
const writer = new Redis(port, { protocol: 2, enableAutoPipelining: true });
await writer.xgroup("CREATE", "bare:jobs", "workers", "0", "MKSTREAM");
process.stdout.write("ready\n");

type Entries = [Buffer, [Buffer, Buffer[]][]][] | null;

for (;;) {
  const where = ["GROUP", "workers", "one", "COUNT", 1024, "BLOCK", 5000, "STREAMS", "bare:jobs", ">"];
  const reply = (await reader.callBuffer("XREADGROUP", ...where)) as Entries;
  for (const [id, [, from, , number, , payload]] of reply?.[0]?.[1] ?? []) {
    void writer.xadd(from as Buffer, "*", "n", number as Buffer, "p", payload as Buffer);
    void writer.xack("bare:jobs", "workers", id);
    void writer.xdel("bare:jobs", id);
  }
}
