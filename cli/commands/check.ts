import { parseConfig, RouteTable } from "unigate/config";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import { loadConfig } from "../load-config.ts";
import { duration } from "../duration.ts";
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
    const methods = (await loadServices(texts("worker")))
      .flatMap((loaded) => loaded.methods)
      .map(({ info }) => {
        const route = table.match(info.name);
        const http = [...(info.http ?? []), ...(settings.http.get(info.name) ?? [])];
        return { method: info.name, route: route.pattern, strategy: route.strategy.name, http };
      });
    const isCaught = table.routes.some(({ pattern }) => pattern === "*");
    const routes = [...table.routes, ...(isCaught ? [] : [settings.fallback])].map((route) => ({
      pattern: route.pattern,
      strategy: route.strategy.name,
      timeoutMs: route.timeoutMs,
      queue: route.queue,
      isBuiltIn: route === settings.fallback,
    }));
    const transports = settings.transports.map(({ name }) => name);
    output.note(`${file ?? "the embedded default"} is fine; it opens ${transports.join(" and ")}`);
    const value = { file, transports, routes, methods };
    if (methods.length > 0)
      output.table(
        ["METHOD", "ROUTE", "STRATEGY", "HTTP"],
        methods.map(({ method, route, strategy, http }) => [method, route, strategy, http]),
        value,
      );
    else
      output.table(
        ["PATTERN", "STRATEGY", "TIMEOUT", "QUEUE"],
        routes.map((one) => [one.isBuiltIn ? `${one.pattern} (built in)` : one.pattern, one.strategy, duration(one.timeoutMs), one.queue]),
        value,
      );
  },
});
