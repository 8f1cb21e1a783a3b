import { Dealer } from "zeromq";
import { createOutbox, unlimited } from "./outbox.ts";

const socket = new Dealer(unlimited);
const answer = createOutbox(socket);
socket.connect(`tcp://127.0.0.1:${process.env["BACK_PORT"]}`);
answer([Buffer.alloc(0)]);
process.stdout.write("ready\n");
for await (const call of socket) answer(call);
