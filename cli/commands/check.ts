import { parseConfig } from "unigate/config";
import { loadService } from "unigate/worker";
import { RouteTable } from "unigate/config";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import { loadConfig } from "../load-config.ts";
import { loadServices } from "../load-services.ts";

/** `gate check`: a config without its gate. */
export const check: Command = defineCommand({
  name: "check",
  summary: "Checks a config and names every fault of it; with --worker also tells which route each method gets.",
  options: {
    config: { type: "string", alias: "c", description: "config file; default ./gate.config.ts, else the embedded one", value: "FILE" },
    worker: { type: "string", description: "handlers file whose methods are matched too", isMany: true, value: "FILE" },
    ...jsonOption,
  },
  examples: ["gate check", "gate check -c gate.config.ts --worker ./handlers.ts"],
  async run({ text, texts, output }) {
    const { config, file } = await loadConfig(text("config"));
    const settings = parseConfig(config);
    const table = new RouteTable(settings.routes, settings.fallback);
    const methods = (await loadServices(texts("worker"))).flatMap(({ service }) => loadService(service));
    const matched = methods.map(({ info }) => ({
      method: info.name,
      route: table.match(info.name).pattern,
      strategy: table.match(info.name).strategy.name,
      http: info.http ?? [],
    }));
    const transports = settings.transports.map(({ name }) => name);
    output.note(`${file ?? "the embedded default"} is fine: ${transports.join(", ")}; ${table.routes.length} routes`);
    const routes = table.routes.map(({ pattern, strategy }) => ({ pattern, strategy: strategy.name }));
    const rows =
      methods.length === 0
        ? routes.map(({ pattern, strategy }) => [pattern, pattern, strategy, ""])
        : matched.map(({ method, route, strategy, http }) => [method, route, strategy, http]);
    output.table(["TARGET", "ROUTE", "STRATEGY", "HTTP"], rows, { file, transports, routes, methods: matched });
  },
});
