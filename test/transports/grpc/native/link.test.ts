import { connector } from "../../../../transports/grpc/native/connector.ts";
import { exerciseTransport } from "../../../exercise/transport/index.ts";
import { dial } from "../../../support/dial.ts";
import { grpcPort } from "./grpc-port.ts";

exerciseTransport("gRPC", {
  transports: () => [grpcPort()],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});
