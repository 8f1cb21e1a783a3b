import { createNode } from "./broker.ts";

const node = createNode("worker");
node.createService({
  name: "echo",
  actions: {
    echo: (context: { params: { data: string } }) => context.params.data,
    hello: (context: { params: { name: string } }) => `Hello, ${context.params.name}`,
  },
});
await node.start();
process.send?.("ready");
