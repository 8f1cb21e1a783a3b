/** The simplest broker that zeromq.js can be: two ROUTER sockets, one message per call, workers in turn. */
import { Router } from "zeromq";
import { createOutbox, unlimited } from "./outbox.ts";

const front = new Router(unlimited);
const back = new Router(unlimited);
const toClients = createOutbox(front);
const toWorkers = createOutbox(back);
const workers: Buffer[] = [];
let turn = 0;

await front.bind(`tcp://127.0.0.1:${process.env["FRONT_PORT"]}`);
await back.bind(`tcp://127.0.0.1:${process.env["BACK_PORT"]}`);
void takeCalls();
void takeAnswers();
process.stdout.write("ready\n");

async function takeCalls(): Promise<void> {
  // [client, id, data] becomes [worker, client, id, data].
  for await (const call of front) {
    const worker = workers[turn++ % workers.length];
    if (worker !== undefined) toWorkers([worker, ...call]);
  }
}

async function takeAnswers(): Promise<void> {
  for await (const [worker, ...answer] of back) {
    // A worker's first message is empty: it only tells who there is.
    if (answer.length > 1) toClients(answer);
    else if (worker !== undefined) workers.push(worker);
  }
}
