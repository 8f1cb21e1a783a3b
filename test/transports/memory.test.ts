import { exerciseTransport } from "../exercise/transport/index.ts";
import { memory } from "../support/memory.ts";

exerciseTransport("memory", {
  transports: () => [],
  opener: (gate) => () => Promise.resolve(memory(gate)),
  capabilities: { cuts: true },
});
