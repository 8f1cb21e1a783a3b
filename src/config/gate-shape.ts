import { isKey, permissions } from "../access/keyring.ts";
import { bindingForm, parseBinding } from "../job/http-binding.ts";
import { parseDuration } from "./duration.ts";
import { intakeShape } from "./intake-config.ts";
import { jobsShape } from "./jobs-config.ts";
import { logShape } from "./log-config.ts";
import { both, count, either, isObject, list, object, oneOf, record, type Shape, text, that } from "./shape.ts";
import { parseSize } from "./size.ts";

// Each message is "problem; remedy".
const duration = that(
  (value) => parseDuration(value) !== undefined,
  'is not a duration; write one such as "30s" or a number of milliseconds',
);
const size = that((value) => parseSize(value) !== undefined, 'is not a size; write one such as "16mb" or a number of bytes');
const strategy = that(
  (value) => isObject(value) && typeof value["createBalancer"] === "function",
  'is not a strategy; import one from "unigate", such as roundRobin()',
);
const transport = that(
  (value) => isObject(value) && typeof value["start"] === "function",
  'is not a transport; import one, such as http() from "unigate/http"',
);
const plugin = that(
  (value) => isObject(value) && typeof value["start"] === "function" && typeof value["name"] === "string",
  'is not a plugin; import one, such as metrics() from "unigate/plugins/metrics"',
);
const flag = that((value) => typeof value === "boolean", "is not true or false; write one of them");
const notBinding = `is not a binding; ${bindingForm}`;
const binding = that((value) => typeof value === "string" && parseBinding(value) !== undefined, notBinding);

const secret = both(
  text("is not a key; write the key, or the sha256:… that `gate keys generate` prints"),
  that((value) => isKey(value as string), "is too short or malformed; `gate keys generate` makes a good one"),
);
const namedKey = object(
  {
    required: { name: text("is not a text; name who holds the key", /./, "is empty; name who holds the key"), key: secret },
    optional: { may: list(oneOf(permissions, "a permission"), 'is not a list; write may: ["call"]') },
  },
  "is not an object; write { name, key }",
);
const key = either(
  [secret, namedKey],
  'is not a key; write a key of 16 characters or more, or { name: "web", key: "sha256:…", may: ["call"] }',
);

const route = object(
  {
    optional: {
      strategy,
      timeout: duration,
      queue: count(0),
      waitForWorker: duration,
      waitForRoom: duration,
      attempts: count(1),
      idempotent: flag,
      public: flag,
      http: either([binding, list(binding, notBinding)], `${notBinding} or a list of such`),
      ...intakeShape,
    },
  },
  'is not an object; write { timeout: "30s" }, or {} for a route with every default',
);

/** A whole config, apart from the options of its transports, its store and its plugins, which check their own. */
export const gateShape: Shape = object(
  {
    required: {
      transports: both(
        list(transport, "is missing or not a list; write transports: [http(), zmq()]"),
        that((value) => (value as unknown[]).length > 0, "is empty; write at least one, such as http()"),
      ),
    },
    optional: {
      name: text("is not a text; write a name"),
      routes: record(route, 'is not an object; write routes: { "Service.*": { … } }'),
      plugins: list(plugin, "is not a list; write plugins: [metrics()]"),
      keys: list(key, 'is not a list; write keys: ["sha256:…"]'),
      jobs: jobsShape,
      log: logShape,
      heartbeat: duration,
      lostAfter: count(4),
      maxPayload: size,
      queueMemory: size,
      settle: duration,
      drainTimeout: duration,
    },
  },
  "is not an object; export default defineConfig({ … })",
);
