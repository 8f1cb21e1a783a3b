import { connect } from "unigate/client";
import { serveRounds } from "../../load.ts";
import type * as handlers from "./handlers.ts";

const client = connect<typeof handlers>(`tcp://127.0.0.1:${process.env["ZMQ_PORT"]}`);
const api = client.service("echo");

await serveRounds((data) => api.echo(data));
