import { Queue, QueueEvents } from "bullmq";
import { serveRounds } from "../../load.ts";

const connection = { host: "127.0.0.1", port: Number(process.env["REDIS_PORT"]), maxRetriesPerRequest: null };
const queue = new Queue<{ data: string }, string>("echo", { connection });
const events = new QueueEvents("echo", { connection });
await events.waitUntilReady();
// Bytes as text, because a job's data is JSON.
await serveRounds(async (data) => {
  const job = await queue.add("echo", { data: data.toString("latin1") });
  return Buffer.from(await job.waitUntilFinished(events, 10_000), "latin1");
});
