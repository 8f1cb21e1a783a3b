import { createServer, type ServerHttp2Stream } from "node:http2";
import { env } from "node:process";

/** A gRPC server of bare HTTP/2: `Say` gives its message back, `Flood` as many bytes as the message asks for, in messages of 64 KiB. */
const server = createServer({ settings: { initialWindowSize: 1024 * 1024 }, maxSessionMemory: 64 });
const headers = { ":status": 200, "content-type": "application/grpc" };
const chunkBytes = 64 * 1024;
const chunk = Buffer.concat([Buffer.of(0, 0, 1, 0, 0), Buffer.alloc(chunkBytes)]);

server.on("session", (session) => session.setLocalWindowSize(16 * 1024 * 1024));
server.on("stream", (stream: ServerHttp2Stream, asked) => {
  stream.on("error", () => {});
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(headers, { waitForTrailers: true });
  const chunks: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => chunks.push(bytes));
  stream.on("end", () => {
    const body = Buffer.concat(chunks);
    if (asked[":path"]?.endsWith("/Flood") === true) flood(stream, Number(body.subarray(5).toString()));
    else stream.end(body);
  });
});

function flood(stream: ServerHttp2Stream, bytes: number): void {
  let left = bytes;
  const pump = (): void => {
    while (left > 0 && !stream.destroyed) {
      left -= chunkBytes;
      if (!stream.write(chunk)) return void stream.once("drain", pump);
    }
    stream.end();
  };
  pump();
}

server.listen(Number(env["PORT"]), "127.0.0.1", () => process.stdout.write("ready\n"));
