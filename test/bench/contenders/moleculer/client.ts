import { payload, serveRounds } from "../../load.ts";
import { createNode } from "./broker.ts";

const node = createNode("client");
await node.start();
await node.waitForServices("echo");
await serveRounds(
  () => node.call("echo.echo", { data: payload }),
  (answer) => answer === payload,
);
