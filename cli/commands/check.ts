import { type GateSettings, parseConfig, RouteTable, sharedBindings, sharedBindingText } from "unigate/config";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import { duration } from "../duration.ts";
import { loadConfig } from "../load/load-config.ts";
import { loadServices } from "../load/load-services.ts";
import { UserError } from "../user-error.ts";

/** `gate check`: a config without its gate. */
export const check: Command = defineCommand({
  name: "check",
  summary: "Checks a config and names every fault of it; with --worker also tells which route each method gets, and why.",
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
        return { method: info.name, route: route.pattern, why: whyOf(table, info.name), strategy: route.strategy.name, http };
      });
    refuseTaken(settings, methods);
    const routes = routesOf(table, settings);
    const addresses = settings.transports.flatMap((transport) =>
      (transport.addresses?.() ?? []).map((address) => ({ transport: transport.name, ...address })),
    );
    const value = { file, transports: settings.transports.map(({ name }) => name), addresses, routes, methods };
    output.note(`${file ?? "the embedded default"} is fine; it opens ${value.transports.join(" and ")}`);
    for (const { url, purpose } of addresses) output.note(`  ${url}  ${purpose}`);
    if (methods.length > 0)
      output.table(
        ["METHOD", "ROUTE", "WHY", "STRATEGY", "HTTP"],
        methods.map(({ method, route, why, strategy, http }) => [method, route, why, strategy, http]),
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

/** Throws for methods that no gate of this config would take, as a gate would when their worker comes. */
function refuseTaken({ transports }: GateSettings, methods: readonly { method: string; http: string[] }[]): void {
  const bound = methods.map(({ method: name, http }) => ({ name, http }));
  const shared = sharedBindings(bound).map((one) => `${one.name}: ${sharedBindingText(one)}`);
  const own = transports.flatMap((transport) =>
    (transport.check?.(bound) ?? []).map(({ path, problem, remedy }) => `${transport.name}.${path}: ${problem}; ${remedy}`),
  );
  const [fault, ...more] = [...shared, ...own];
  if (fault !== undefined) throw new UserError([fault, ...more].join("\n  "));
}

/** Why a method gets its route: which patterns match it, and in what order they are tried. */
function whyOf(table: RouteTable, method: string): string {
  const matching = table.explain(method).flatMap(({ pattern, isConfigured }) => (isConfigured ? [pattern] : []));
  const [first, ...others] = matching;
  if (first === undefined) return "no pattern matches: the built-in route";
  const how = first === method ? "names the method" : first === "*" ? "takes what no other matches" : "is the longest prefix";
  return others.length === 0 ? how : `${how}, before ${others.join(" and ")}`;
}

function routesOf(table: RouteTable, { fallback }: GateSettings): RouteRow[] {
  const isCaught = table.routes.some(({ pattern }) => pattern === "*");
  return [...table.routes, ...(isCaught ? [] : [fallback])].map((route) => ({
    pattern: route.pattern,
    strategy: route.strategy.name,
    timeoutMs: route.timeoutMs,
    queue: route.queue,
    isBuiltIn: route === fallback,
  }));
}

interface RouteRow {
  pattern: string;
  strategy: string;
  timeoutMs: number;
  queue: number;
  isBuiltIn: boolean;
}
