/** A thousand workers of ten methods each, every one with a link of its own, in one process. */
import { createWorker, defineService } from "unigate/worker";

const count = Number(process.env["WORKERS"] ?? 1000);
const methods = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`m${at}`, (value: unknown) => value]));
const workers = Array.from({ length: count }, (_, at) =>
  createWorker({ gate: `tcp://127.0.0.1:${process.env["ZMQ_PORT"]}`, id: `many-${at}`, services: [defineService(`many${at}`, methods)] }),
);
for (let at = 0; at < count; at += 50) await Promise.all(workers.slice(at, at + 50).map((worker) => worker.start()));
process.send?.("ready");
