import { defineConfig } from "unigate";
import { http } from "unigate/http";

export default defineConfig({
  transports: [
    http({
      port: Number(process.env["HTTP_PORT"]),
      proxy: [{ path: "/*", to: `http://127.0.0.1:${process.env["UPSTREAM_PORT"]}` }],
    }),
  ],
});
