/** Lesson 6: a gate that tells Prometheus what it does. */
import { defineConfig } from "unigate";
import { http } from "unigate/http";
import { metrics } from "unigate/plugins/metrics";
import { zmq } from "unigate/zmq";

export default defineConfig({
  transports: [http(), zmq()],
  // One line per method that is called, 100 of them at most; without `by`, one per route of this config.
  plugins: [metrics({ by: "target", maxRoutes: 100 })],
});
