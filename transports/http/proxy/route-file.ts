import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fifo, leastConnections, p2c, random, roundRobin, weightedRoundRobin } from "unigate";
import { configError, type ConfigFault, GateError, type Logger, type Strategy } from "unigate/transport";
import { parseDocument } from "yaml";
import { checkRoutes } from "./check-routes.ts";
import type { ProxyRoute } from "./proxy-route.ts";

/** After a change, how long the file must rest before it is read, in ms: an editor writes more than once. */
const settleMs = 50;

const strategies: Readonly<Record<string, () => Strategy>> = { fifo, leastConnections, p2c, random, roundRobin, weightedRoundRobin };

/** The routes of a YAML file: `route: [{ path, method, to, … }]`. Throws one `invalid_argument` that names every fault. */
export function parseRouteFile(text: string, file: string): ProxyRoute[] {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw configError(
      file,
      document.errors.map(({ message, linePos }) => ({
        path: linePos === undefined ? "file" : `line ${linePos[0].line}`,
        problem: message.split("\n", 1)[0] ?? "is not YAML",
        remedy: "correct it",
      })),
    );
  const content: unknown = document.toJS();
  const list = content === null ? [] : ((content as Record<string, unknown>)["route"] ?? (content as Record<string, unknown>)["routes"]);
  const faults: ConfigFault[] = [];
  const routes = Array.isArray(list) ? list.map((route: unknown, at) => fromYaml(route, `route[${at}]`, faults)) : list;
  faults.push(...checkRoutes(routes, "route"));
  if (faults.length > 0) throw configError(file, faults);
  return routes as ProxyRoute[];
}

/** Reads the file, tells `changed` its routes, and again whenever they change; a broken file is logged and changes nothing. Returns the end of watching. */
export async function followRouteFile(path: string, logger: Logger, changed: (routes: ProxyRoute[]) => void): Promise<() => void> {
  const file = resolve(path);
  let last = await readText(file);
  changed(parseRouteFile(last, path));
  let timer: NodeJS.Timeout | undefined;
  // The folder: editors and mounted configs put another file in its place, under a name of their own.
  const watcher = watch(dirname(file), { persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), settleMs);
  });
  watcher.on("error", (error) => logger.warn("the route file is no longer watched", { file: path, error: String(error) }));

  async function reload(): Promise<void> {
    try {
      const text = await readText(file);
      if (text === last) return;
      last = text;
      changed(parseRouteFile(text, path));
      logger.info("routes reloaded", { file: path });
    } catch (error) {
      logger.error("the route file is broken; the routes stay as they were", { file: path, error: GateError.from(error).message });
    }
  }

  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new GateError("failed_precondition", `the route file ${file} cannot be read: ${GateError.from(error).message}`, { cause: error });
  }
}

/** `method` is `methods`, and a strategy goes by its name. */
function fromYaml(value: unknown, at: string, faults: ConfigFault[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { method, strategy, ...route } = value as Record<string, unknown>;
  if (method !== undefined) route["methods"] ??= method;
  if (strategy === undefined) return route;
  const name = (typeof strategy === "string" ? strategy : "").replaceAll("-", "").toLowerCase();
  const [, create] = Object.entries(strategies).find(([known]) => known.toLowerCase() === name) ?? [];
  if (create === undefined)
    faults.push({
      path: `${at}.strategy`,
      problem: `${JSON.stringify(strategy)} is not a strategy`,
      remedy: `write one of ${Object.keys(strategies).join(", ")}`,
    });
  return create === undefined ? route : { ...route, strategy: create() };
}
