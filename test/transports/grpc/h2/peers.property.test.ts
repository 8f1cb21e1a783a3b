import { connect as connectHttp2, createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { H2Connection } from "../../../../transports/grpc/h2/connection.ts";
import { HeaderFields } from "../../../../transports/grpc/h2/header-fields.ts";
import type { H2Stream } from "../../../../transports/grpc/h2/stream.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";

const now = (): number => performance.now();
const metadata = fc.array(fc.tuple(fc.constantFrom("x-a", "x-b", "x-c"), fc.stringMatching(/^[!-~]{0,40}$/)), { maxLength: 5 });
const body = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(16_384, 65_535, 200_000, 1_500_000)), { maxLength: 5 });
const exchange = fc.record({ metadata, body, trailers: metadata });
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

interface Heard {
  metadata: [string, string][];
  bytes: number;
  trailers: [string, string][];
}

/** What one of our own fields says of metadata, with repeated names joined as `node:http2` joins them. */
function joined(pairs: readonly (readonly [string, string])[]): [string, string][] {
  const all = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = all.get(name);
    if (name.startsWith("x-")) all.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function expected({ metadata: pairs, body: sizes, trailers }: Exchange): Heard {
  return { metadata: joined(pairs), bytes: sizes.reduce((sum, size) => sum + size, 0), trailers: joined(trailers) };
}

function objectOf(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (const [name, value] of pairs) (object[name] ??= []).push(value);
  return object;
}

/** Answers each request with its own body, headers and trailers, as slowly as its reader reads. */
function echo(stream: H2Stream, fields: HeaderFields): void {
  const own = fields.flat.flatMap((name, at) => (at % 2 === 0 && name.startsWith("x-") ? [name, fields.flat[at + 1] as string] : []));
  let said: readonly string[] = ["x-end", "none"];
  stream.listen({
    headers: ({ flat }) => void (said = flat),
    data: (bytes) => stream.write(bytes),
    hasRoom: () => stream.resume(),
    ended: () => stream.end(new HeaderFields(said)),
    closed() {},
  });
  stream.respond(new HeaderFields([":status", "200", ...own]), false);
  stream.resume();
}

async function ownServer(): Promise<{ port: number; open: () => number }> {
  const connections = new Set<H2Connection>();
  const server = createTcpServer((socket) => {
    const connection: H2Connection = new H2Connection(
      socket,
      { role: "server", isPlain: true, now },
      { request: echo, closed: () => connections.delete(connection) },
    );
    connections.add(connection);
    socket.on("data", (bytes: Buffer) => connection.read(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  const open = (): number => [...connections].reduce((sum, { streams }) => sum + streams, 0);
  return { port: (server.address() as AddressInfo).port, open };
}

async function nodeServer(): Promise<number> {
  const server = createHttp2Server({ settings: { initialWindowSize: 20_000, maxConcurrentStreams: 3 } });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => void sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    let said: object = { "x-end": "none" };
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-")));
    stream.on("trailers", (trailers) => (said = { ...trailers }));
    stream.respond({ ":status": 200, ...own }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(said as Record<string, string>));
    stream.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Makes one exchange over a connection of our own. */
function ask(connection: H2Connection, { metadata: pairs, body: sizes, trailers }: Exchange): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  const heard: Heard = { metadata: [], bytes: 0, trailers: [] };
  const left = [...sizes];
  const pump = (): void => {
    for (let size = left.shift(); size !== undefined; size = left.shift()) if (!stream.write(Buffer.alloc(size, "b"))) return;
    stream.end(trailers.length === 0 ? undefined : new HeaderFields(trailers.flat()));
  };
  const fields = new HeaderFields([":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "a", ...pairs.flat()]);
  const stream: H2Stream = connection.request(fields, {
    headers(given) {
      const pairs = joined(given.flat.flatMap((name, at) => (at % 2 === 0 ? [[name, given.flat[at + 1] as string] as const] : [])));
      if (given.kind === "response") heard.metadata = pairs;
      else heard.trailers = pairs;
    },
    data(bytes) {
      heard.bytes += bytes.length;
      return true;
    },
    hasRoom: pump,
    ended: () => resolve(heard),
    closed: (code) => reject(new Error(`closed with ${code}`)),
  });
  pump();
  return promise;
}

function askWithNode(port: number, exchanges: readonly Exchange[]): Promise<Heard[]> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 30_000 } });
  onTestFinished(() => session.destroy());
  return Promise.all(
    exchanges.map(
      ({ metadata: pairs, body: sizes, trailers }) =>
        new Promise<Heard>((resolve, reject) => {
          const heard: Heard = { metadata: [], bytes: 0, trailers: [] };
          const stream = session.request(
            { ":method": "POST", ":path": "/a.B/C", ...objectOf(pairs) },
            { waitForTrailers: trailers.length > 0 },
          );
          const read = (headers: object): [string, string][] => joined(Object.entries(headers) as [string, string][]);
          stream.on("response", (headers) => (heard.metadata = read(headers)));
          stream.on("trailers", (headers) => (heard.trailers = read(headers)));
          stream.on("data", (bytes: Buffer) => (heard.bytes += bytes.length));
          stream.on("wantTrailers", () => stream.sendTrailers(objectOf(trailers)));
          stream.on("error", reject);
          stream.on("close", () => resolve(heard));
          for (const size of sizes) stream.write(Buffer.alloc(size, "b"));
          stream.end();
        }),
    ),
  ).finally(() => session.close());
}

const noEnd: [string, string][] = [["x-end", "none"]];
function answered(one: Exchange): Heard {
  const all = expected(one);
  return { ...all, trailers: one.trailers.length === 0 ? noEnd : all.trailers };
}

describe("HTTP/2", () => {
  it("as a server says to a client of Node.js what it heard, streams side by side, and nothing stays", async () => {
    const { port, open } = await ownServer();
    await fc.assert(
      fc.asyncProperty(fc.array(exchange, { minLength: 1, maxLength: 8 }), async (exchanges) => {
        expect(await askWithNode(port, exchanges)).toEqual(exchanges.map(answered));
      }),
      { numRuns: 25 },
    );
    await eventuallyTrue("no stream is left", () => open() === 0);
  });

  it("as a client hears from a server of Node.js what it said, although that takes three streams and small windows", async () => {
    const port = await nodeServer();
    const socket = connectTcp({
      port,
      host: "127.0.0.1",
      onread: {
        buffer: Buffer.alloc(64 * 1024),
        callback(count, buffer) {
          connection.read((buffer as Buffer).subarray(0, count));
          return true;
        },
      },
    });
    const { promise: settled, resolve: opened } = Promise.withResolvers<void>();
    const options = { role: "client", isPlain: true, reusesBuffers: true, now } as const;
    const connection: H2Connection = new H2Connection(socket, options, { opened, closed() {} });
    await settled;
    onTestFinished(() => connection.destroy());
    await fc.assert(
      fc.asyncProperty(fc.array(exchange, { minLength: 1, maxLength: 8 }), async (exchanges) => {
        expect(await Promise.all(exchanges.map((one) => ask(connection, one)))).toEqual(exchanges.map(answered));
      }),
      { numRuns: 25 },
    );
    await eventuallyTrue("no stream is left", () => connection.streams === 0);
  });

  it("ends a connection whatever garbage comes on it, or goes on", async () => {
    const { port, open } = await ownServer();
    const greeting = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)]);
    const garbage = fc.array(
      fc
        .tuple(fc.nat(12), fc.constantFrom(0, 1, 4, 5, 8, 9, 32, 255), fc.nat(7), fc.uint8Array({ maxLength: 60 }))
        .map(([type, flags, id, payload]) => Buffer.concat([Buffer.of(0, 0, payload.length, type, flags, 0, 0, 0, id), payload])),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (frames) => {
        const socket = connectTcp(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.resume();
        socket.end(Buffer.concat([greeting, ...frames]));
        await new Promise((resolve) => socket.once("close", resolve));
      }),
      { numRuns: 200 },
    );
    await eventuallyTrue("no stream is left", () => open() === 0);
  });
});
