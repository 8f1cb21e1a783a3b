/**
 * `npm run docs`: writes docs/config.md from the types that a config is checked against, and from the commented gate.config.ts.
 *
 * It reads the sources as text: an option is a doc comment and a line `name?: Type;` of an interface named below.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

const root = new URL("../..", import.meta.url);
/** The page that it writes. */
export const page = "docs/config.md";

const parts: readonly (readonly [title: string, file: string, name: string])[] = [
  ["The gate", "src/config/gate-config.ts", "GateConfig"],
  ["The log", "src/config/log-config.ts", "LogConfig"],
  ["A route", "src/config/route-config.ts", "RouteConfig"],
  ["A key", "src/config/gate-config.ts", "KeyConfig"],
  ["`jobs`", "src/config/jobs-config.ts", "JobsConfig"],
  ["`jobs.store`: `memoryJobs()`", "src/jobs/memory-jobs.ts", "MemoryJobsOptions"],
  ["`jobs.store`: `redisJobs()`", "transports/redis/jobs/redis-jobs.ts", "RedisJobsOptions"],
  ["`webhook` of a route: the secret of every sender", "src/webhook/secret.ts", "SecretOptions"],
  ["`webhook` of a route: senders that sign the time", "src/webhook/tolerance.ts", "ToleranceOptions"],
  ["`http()`", "transports/http/options.ts", "HttpOptions"],
  ["`http({ tls })`", "transports/http/tls.ts", "HttpTls"],
  ["`http({ registry })`", "transports/http/options.ts", "RegistryOptions"],
  ["`http({ cors })`", "transports/http/cors.ts", "CorsOptions"],
  ["`http({ proxy: [{ … }] })`", "transports/http/proxy/proxy-route.ts", "ProxyRoute"],
  ["A server of a proxied route", "transports/http/proxy/proxy-route.ts", "ProxyServer"],
  ["Its health", "transports/http/proxy/proxy-route.ts", "ProxyHealth"],
  ["`zmq()`", "transports/zmq/index.ts", "ZmqOptions"],
  ["`redis()`", "transports/redis/settings.ts", "RedisOptions"],
  ["`grpc()`", "transports/grpc/options.ts", "GrpcOptions"],
  ["`grpc({ upstreams: { … } })`", "transports/grpc/proxy/upstream-options.ts", "GrpcUpstream"],
  ["`when` of an upstream", "transports/grpc/proxy/call-condition.ts", "CallCondition"],
  ["`pool` of an upstream", "transports/grpc/proxy/pool-options.ts", "PoolOptions"],
  ["`tenants` of an upstream", "transports/grpc/proxy/tenant-options.ts", "TenantOptions"],
  ["`health` of an upstream", "transports/grpc/proxy/upstream-options.ts", "UpstreamHealthOptions"],
  ["`grpc({ tls })`", "transports/grpc/tls.ts", "GrpcTls"],
  ["`grpc({ web })`", "transports/grpc/web/serve-web.ts", "WebOptions"],
];

/** The page as the types say it now. */
export function configReference(): string {
  const example = read("gate.config.ts");
  return [
    "# The config",
    "",
    'Made of the types by `npm run docs`. A duration is a number of ms or a text such as `"1.5s"`; a size a number of bytes or `"16mb"`.',
    "Every fault of a config is told at once, by `gate check` and before `gate serve` opens a port.",
    "",
    "```ts",
    "// gate.config.ts",
    example.trimEnd(),
    "```",
    "",
    "```sh",
    "npx gate check",
    "```",
    "",
    ...parts.flatMap(([title, file, name]) => [`## ${title}`, "", ...table(file, name), ""]),
  ].join("\n");
}

function table(file: string, name: string): string[] {
  const rows = optionsOf(read(file), name).map(({ key, type, meaning }) => `| \`${key}\` | \`${type}\` | ${meaning} |`);
  if (rows.length === 0) throw new Error(`${file} has no interface ${name} with options`);
  return ["| key | type | meaning |", "|---|---|---|", ...rows];
}

interface Option {
  key: string;
  type: string;
  meaning: string;
}

function optionsOf(source: string, name: string): Option[] {
  const [, body = ""] = new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, "ms").exec(source) ?? [];
  return [...body.matchAll(/(?:^ {2}\/\*\*(.*?)\*\/\n)?^ {2}(?:readonly )?(\w+)(\?)?: (.*?);$/gms)].map(
    ([, doc = "", key = "", optional, type = ""]) => ({
      key: optional === undefined ? `${key} (required)` : key,
      type: escaped(type.replaceAll(/\s+/g, " ")),
      meaning: escaped(doc.replaceAll(/\n\s*\* ?/g, " ").trim()),
    }),
  );
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function read(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}

if (argv[1] === new URL(import.meta.url).pathname) writeFileSync(new URL(page, root), configReference());
