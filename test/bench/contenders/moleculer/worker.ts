import { createNode } from "./node.ts";

const node = createNode("worker");
node.createService({
  name: "echo",
  actions: {
    echo: (context: { params: { data: string } }) => context.params.data,
    hello: (context: { params: { name: string } }) => ({ greeting: `Hello, ${context.params.name}` }),
  },
});
await node.start();
process.stdout.write("ready\n");
