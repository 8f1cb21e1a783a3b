import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from "node:http2";
import { env } from "node:process";

/** The least that a proxy in Node.js can do: streams of HTTP/2 piped to streams of HTTP/2, with trailers, over two connections. */
const sessions: ClientHttp2Session[] = [];
let next = 0;

/** A server may end a connection on which too many calls were cancelled, as at the end of each load. */
function sessionFor(): ClientHttp2Session {
  const at = next++ % 2;
  const open = sessions[at];
  if (open !== undefined && !open.closed && !open.destroyed) return open;
  const session = connect(`http://127.0.0.1:${env["UPSTREAM_PORT"]}`, { settings: { initialWindowSize: 1024 * 1024 } });
  session.on("error", () => {});
  session.once("connect", () => session.setLocalWindowSize(16 * 1024 * 1024));
  sessions[at] = session;
  return session;
}

const server = createServer({ settings: { initialWindowSize: 1024 * 1024 } });
server.on("session", (session) => session.setLocalWindowSize(16 * 1024 * 1024));
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  const upstream = sessionFor().request({
    ":method": "POST",
    ":path": headers[":path"],
    "content-type": headers["content-type"],
    te: "trailers",
  });
  let trailers = {};
  stream.on("error", () => {});
  upstream.on("error", () => stream.close());
  upstream.on("response", ({ ":status": status, "content-type": type }) => {
    // Its caller may have left: at the end of a load many do.
    if (!stream.destroyed) stream.respond({ ":status": status, "content-type": type }, { waitForTrailers: true });
  });
  upstream.on("trailers", (given) => (trailers = { "grpc-status": given["grpc-status"] }));
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  upstream.pipe(stream);
  stream.pipe(upstream);
});
server.listen(Number(env["PORT"]), "127.0.0.1", () => process.stdout.write("ready\n"));
