import { Worker } from "bullmq";

const connection = { host: "127.0.0.1", port: Number(process.env["REDIS_PORT"]), maxRetriesPerRequest: null };
const worker = new Worker<{ data: string }, string>("echo", ({ data }) => Promise.resolve(data.data), {
  connection,
  concurrency: 4096,
  removeOnComplete: { count: 10_000 },
});
await worker.waitUntilReady();
process.stdout.write("ready\n");
