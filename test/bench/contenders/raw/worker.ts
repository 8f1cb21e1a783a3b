import { Dealer } from "zeromq";

const socket = new Dealer();
socket.connect(`tcp://127.0.0.1:${process.env["BACK_PORT"]}`);
process.send?.("ready");
for await (const message of socket) await socket.send(message);
