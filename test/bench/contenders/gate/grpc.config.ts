import { defineConfig } from "unigate";
import { grpc } from "unigate/grpc";

export default defineConfig({
  transports: [
    grpc({
      port: Number(process.env["GRPC_PORT"]),
      upstreams: { "bench.*": { to: `127.0.0.1:${process.env["UPSTREAM_PORT"]}` } },
    }),
  ],
});
