/**
 * The config of a gate, with every key. What is commented out shows its default; an empty `defineConfig({ transports: […] })` is enough.
 * `npx gate check` names every fault of a config at once.
 */
import { defineConfig, roundRobin } from "unigate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";

export default defineConfig({
  // Shown to people; default: the name of the host.
  // name: "front gate",

  transports: [
    // HTTP calls, bound routes, the gate's own pages, and WebSocket links for clients and workers behind NAT.
    http({
      port: 9000,
      host: "127.0.0.1", // "0.0.0.0" lets other machines in
      // tls: { cert: "fullchain.pem", key: "key.pem" }, // https:// and wss://; files are read again when they were renewed
      // bodyLimit: "16mb", // of one request; never more than maxPayload
      // bodyMemory: "256mb", // of all that are being received
      // control: "", // prefix of the gate's own pages, for when a service wants /health itself
      // requestTimeout: "60s", // for a request to arrive in full
      // docs: true, // /openapi.json, and /docs, a page that shows it
      // trustProxy: false, // proxies whose X-Forwarded-For is believed: true, or their addresses
      // cors: { origin: "https://app.example" }, // pages of other origins that may call; default none
    }),
    // Clients and workers; the fastest way in. "ipc:///run/gate.sock" for one machine.
    zmq({ bind: "tcp://127.0.0.1:5555" }),
    // gRPC calls, clients and workers; also a proxy for gRPC servers, and for generated clients of any worker's methods.
    grpc({
      port: 50051,
      // tls: { cert, key }, // PEM; with ca and requireClient: true, callers show a certificate too
      // protos: ["echo.proto"], // services whose methods workers serve
      // upstreams: { "asr.v1.*": { to: ["10.0.0.7:9000", "10.0.0.8:9000"] } }, // gRPC servers behind this door
    }),
  ],

  // What to do with jobs: the most specific pattern holds ("Service.method", then "Service.*", then "*").
  routes: {
    "counter.*": {
      strategy: roundRobin(), // or weightedRoundRobin, random, leastConnections, fifo, p2c, consistentHash, version
      timeout: "10s", // of a job whose caller named no earlier deadline; default "60s"
      queue: 1000, // jobs of one method that may wait for room; default 10 000; one more fails at once
      // waitForWorker: "2s", // how long a job waits while no worker is alive
      // attempts: 3, // workers that an idempotent job may be tried on
      // idempotent: false, // every job of the route may run more than once
      // public: false, // HTTP callers need no key
    },
    // More specific than "counter.*", which holds no longer: a stream that its reader ends. 0: no deadline but the caller's.
    "counter.watch": { timeout: 0 },
    // Bindings may be written here too, for workers that declare none:
    // "greeter.hello": { http: "GET /hello/:name" },
  },

  // Who may call and serve; default none, and then everyone who reaches a port may. `gate keys generate` makes an entry.
  // keys: [{ name: "web", key: "sha256:…", may: ["call"] }],

  // log: { level: "info", file: "log/gate", fileSize: "10mb", keep: 5, redact: [] }, // default: to stderr

  // heartbeat: "1s", // between two pings; three unanswered ones take a worker out of rotation
  // lostAfter: 10, // unanswered pings after which a silent worker's jobs are given up
  // maxPayload: "16mb", // of one job or reply; stream what is larger
  // queueMemory: "256mb", // payloads of waiting jobs, of all methods together
  // settle: "2s", // after a start, how long a call of an unknown method waits for workers to come back
  // drainTimeout: "30s", // how long running jobs may take to finish when the gate stops
});
