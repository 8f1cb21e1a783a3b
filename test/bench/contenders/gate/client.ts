import { connect } from "unigate/client";
import { payload, serveRounds } from "../../load.ts";
import type * as handlers from "./handlers.ts";

const client = connect<typeof handlers>(`tcp://127.0.0.1:${process.env["ZMQ_PORT"]}`);
const api = client.service("echo");
const bytes = Buffer.from(payload);

await serveRounds(
  () => api.echo(bytes),
  (answer) => Buffer.from(answer as Uint8Array).equals(bytes),
);
