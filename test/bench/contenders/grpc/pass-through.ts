import { connect, createServer, type ServerHttp2Stream } from "node:http2";
import { env } from "node:process";

/** The least that a proxy in Node.js can do: streams of HTTP/2 piped to streams of HTTP/2, with trailers, over two connections. */
const sessions = [1, 2].map(() => {
  const session = connect(`http://127.0.0.1:${env["UPSTREAM_PORT"]}`, { settings: { initialWindowSize: 1024 * 1024 } });
  session.once("connect", () => session.setLocalWindowSize(16 * 1024 * 1024));
  return session;
});
let next = 0;

const server = createServer({ settings: { initialWindowSize: 1024 * 1024 } });
server.on("session", (session) => session.setLocalWindowSize(16 * 1024 * 1024));
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  const session = sessions[next++ % sessions.length]!;
  const upstream = session.request({
    ":method": "POST",
    ":path": headers[":path"],
    "content-type": headers["content-type"],
    te: "trailers",
  });
  let trailers = {};
  stream.on("error", () => {});
  upstream.on("error", () => stream.close());
  upstream.on("response", ({ ":status": status, "content-type": type }) =>
    stream.respond({ ":status": status, "content-type": type }, { waitForTrailers: true }),
  );
  upstream.on("trailers", (given) => (trailers = { "grpc-status": given["grpc-status"] }));
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  upstream.pipe(stream);
  stream.pipe(upstream);
});
server.listen(Number(env["PORT"]), "127.0.0.1", () => process.stdout.write("ready\n"));
