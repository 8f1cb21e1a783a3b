/** Many workers of ten methods each in one process, every one with a link of its own. */
import { createWorker, defineService } from "unigate/worker";

const methods = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`m${at}`, (value: unknown) => value]));
const workers = Array.from({ length: Number(process.env["WORKERS"]) }, (_, at) =>
  createWorker({
    gate: `tcp://127.0.0.1:${process.env["ZMQ_PORT"]}`,
    id: `many-${at}`,
    services: [defineService(`many${at}`, methods)],
    concurrency: 16,
  }),
);
for (let at = 0; at < workers.length; at += 50) await Promise.all(workers.slice(at, at + 50).map((worker) => worker.start()));
process.stdout.write("ready\n");
