import { createMemoryPair } from "unigate/transport";
import { exerciseTransport } from "../exercise/transport/index.ts";

exerciseTransport("memory", {
  transports: () => [],
  opener: (gate) => () => {
    const [mine, theirs] = createMemoryPair();
    gate.accept(theirs);
    return Promise.resolve(mine);
  },
  capabilities: { cuts: true },
});
