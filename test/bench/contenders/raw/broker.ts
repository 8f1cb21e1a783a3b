/** The simplest broker that zeromq.js can be: one message per call, forwarded as it is. */
import { Dealer, Router } from "zeromq";

const front = new Router();
const back = new Dealer();
await front.bind(`tcp://127.0.0.1:${process.env["FRONT_PORT"]}`);
await back.bind(`tcp://127.0.0.1:${process.env["BACK_PORT"]}`);

async function forward(): Promise<void> {
  for await (const message of front) await back.send(message);
}

async function answer(): Promise<void> {
  for await (const message of back) await front.send(message);
}

void forward();
void answer();
process.send?.("ready");
