import web from "moleculer-web";
import { createNode } from "./node.ts";

const node = createNode("web");
node.createService({
  name: "api",
  mixins: [web],
  settings: { port: Number(process.env["HTTP_PORT"]), ip: "127.0.0.1", routes: [{ path: "/api", bodyParsers: { json: true } }] },
});
await node.start();
await node.waitForServices("echo");
process.stdout.write("ready\n");
