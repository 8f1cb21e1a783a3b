import { createSocket } from "node:dgram";
import { onTestFinished } from "vitest";

const typeA = 1;

/** A name server on a free port that answers every question for addresses with those of `hosts` now; closed when the test is over. */
export async function nameServer(hosts: { now: readonly string[] }): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => {
    // The question ends behind the name (its last label is empty), a type and a class.
    const nameEnd = query.indexOf(0, 12) + 1;
    const question = query.subarray(12, nameEnd + 4);
    const answers = query.readUInt16BE(nameEnd) === typeA ? hosts.now.map(answerOf) : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x81_80, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([head, question, ...answers]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** A record: the name of the question, type A, class IN, a life of 0 s, four bytes. */
function answerOf(host: string): Buffer {
  return Buffer.of(0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, ...host.split(".").map(Number));
}
