import web from "moleculer-web";
import { createNode } from "./broker.ts";

const node = createNode("web");
node.createService({
  name: "api",
  mixins: [web],
  settings: { port: Number(process.env["HTTP_PORT"]), ip: "127.0.0.1", routes: [{ path: "/api", bodyParsers: { json: true } }] },
} as never);
await node.start();
await node.waitForServices("echo");
process.send?.("ready");
