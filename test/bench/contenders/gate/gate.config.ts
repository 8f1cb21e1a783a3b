import { defineConfig } from "unigate";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";

export default defineConfig({
  transports: [http({ port: Number(process.env["HTTP_PORT"]) }), zmq({ bind: `tcp://127.0.0.1:${process.env["ZMQ_PORT"]}` })],
});
