import { connect } from "unigate/client";
import { serveRounds } from "../../load.ts";
import type * as handlers from "./handlers.ts";

const client = connect<typeof handlers>(process.env["GATE_URL"]);
const api = client.service("echo");

await serveRounds((data) => api.echo(data));
