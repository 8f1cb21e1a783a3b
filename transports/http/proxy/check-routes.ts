import { METHODS } from "node:http";
import { closestName, type ConfigFault, parseDuration } from "unigate/transport";

const routeKeys = [
  "path",
  "methods",
  "to",
  "name",
  "strategy",
  "rewrite",
  "headers",
  "timeout",
  "retries",
  "queue",
  "waitForServer",
  "health",
];
const serverKeys = ["url", "weight", "connections"];
const healthKeys = ["path", "interval", "timeout", "failures", "ejectFor"];

/** Every fault of a list of proxied routes; `at` is where the list stands. */
export function checkRoutes(routes: unknown, at: string): ConfigFault[] {
  if (!Array.isArray(routes))
    return [{ path: at, problem: "is not a list", remedy: 'write [{ path: "/users/*", to: "http://localhost:3000" }]' }];
  const faults: ConfigFault[] = [];
  const taken = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const path = `${at}[${index}]`;
    if (!isObject(route)) {
      faults.push({ path, problem: "is not an object", remedy: 'write { path: "/users/*", to: "http://localhost:3000" }' });
      continue;
    }
    faults.push(...checkRoute(route, path));
    for (const method of [route["methods"] ?? "*"].flat()) {
      const key = `${JSON.stringify(method).toUpperCase()} ${JSON.stringify(route["path"])?.replaceAll(/:[^/"]+/g, ":")}`;
      const other = taken.get(key);
      if (other !== undefined)
        faults.push({ path: `${path}.path`, problem: `is that of ${at}[${other}] too`, remedy: "give each its own, or other methods" });
      taken.set(key, index);
    }
  }
  return faults;
}

function checkRoute(route: Record<string, unknown>, at: string): ConfigFault[] {
  const faults = unknownKeys(route, routeKeys, at);
  const fault = (key: string, problem: string, remedy: string): void => void faults.push({ path: `${at}.${key}`, problem, remedy });
  const { path, methods, to, name, strategy, rewrite, headers, retries, queue, health } = route;
  if (typeof path !== "string" || !isPathPattern(path)) fault("path", "is not a path", 'write "/users/*", "/users/:id" or "/exact"');
  for (const method of [methods ?? []].flat()) {
    if (typeof method !== "string" || !METHODS.includes(method.toUpperCase()) || method.toUpperCase() === "CONNECT")
      fault("methods", `${JSON.stringify(method)} is not a method`, 'write ["GET", "POST"] or leave it out for all');
  }
  const servers = [to ?? []].flat();
  if (servers.length === 0) fault("to", "names no server", 'write "http://localhost:3000" or a list of such');
  for (const [index, server] of servers.entries())
    faults.push(...checkServer(server, Array.isArray(to) ? `${at}.to[${index}]` : `${at}.to`));
  if (name !== undefined && !(typeof name === "string" && /^[\w-]+(\.[\w-]+)*$/.test(name)))
    fault("name", "is not a name", 'write one such as "users"');
  if (strategy !== undefined && !(isObject(strategy) && typeof strategy["createBalancer"] === "function"))
    fault("strategy", "is not a strategy", 'import one from "unigate", such as roundRobin()');
  if (rewrite !== undefined && !(typeof rewrite === "string" && /^\/[^\s?#]*$/.test(rewrite)))
    fault("rewrite", "is not a path", 'write one such as "/v2/*"');
  if (headers !== undefined && !isHeaders(headers))
    fault("headers", "is not an object of texts", 'write { "x-key": "…", "x-left-out": null }');
  for (const key of ["timeout", "waitForServer"])
    if (route[key] !== undefined && parseDuration(route[key]) === undefined) fault(key, "is not a duration", 'write one such as "30s"');
  for (const [key, count] of Object.entries({ retries, queue }))
    if (count !== undefined && !(Number.isInteger(count) && (count as number) >= 0)) fault(key, "is not a whole number", "write 0 or more");
  if (health !== undefined) faults.push(...checkHealth(health, `${at}.health`));
  return faults;
}

function checkServer(server: unknown, at: string): ConfigFault[] {
  const remedy = 'write "http://localhost:3000"';
  if (typeof server === "string")
    return isServerUrl(server) ? [] : [{ path: at, problem: `${JSON.stringify(server)} is not an http URL`, remedy }];
  if (!isObject(server)) return [{ path: at, problem: "is not a server", remedy: `${remedy} or { url, weight }` }];
  const faults = unknownKeys(server, serverKeys, at);
  const { url, weight, connections } = server;
  if (typeof url !== "string" || !isServerUrl(url))
    faults.push({ path: `${at}.url`, problem: `${JSON.stringify(url)} is not an http URL`, remedy });
  if (weight !== undefined && !(typeof weight === "number" && weight > 0 && weight < Infinity))
    faults.push({ path: `${at}.weight`, problem: "is not a number above zero", remedy: "write 1 or more" });
  if (connections !== undefined && !(Number.isInteger(connections) && (connections as number) > 0))
    faults.push({ path: `${at}.connections`, problem: "is not a whole number above zero", remedy: "write 1 or more" });
  return faults;
}

function checkHealth(health: unknown, at: string): ConfigFault[] {
  if (!isObject(health)) return [{ path: at, problem: "is not an object", remedy: 'write { path: "/health", interval: "5s" }' }];
  const faults = unknownKeys(health, healthKeys, at);
  const { path, failures } = health;
  if (path !== undefined && !(typeof path === "string" && /^\/\S*$/.test(path)))
    faults.push({ path: `${at}.path`, problem: "is not a path", remedy: 'write one such as "/health"' });
  for (const key of ["interval", "timeout", "ejectFor"])
    if (health[key] !== undefined && !((parseDuration(health[key]) ?? 0) > 0))
      faults.push({ path: `${at}.${key}`, problem: "is not a duration above zero", remedy: 'write one such as "5s"' });
  if (failures !== undefined && !(Number.isInteger(failures) && (failures as number) > 0))
    faults.push({ path: `${at}.failures`, problem: "is not a whole number above zero", remedy: "write 1 or more" });
  return faults;
}

function unknownKeys(value: Record<string, unknown>, known: readonly string[], at: string): ConfigFault[] {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  return unknown.map((key) => {
    const closest = closestName(key, known);
    const remedy = closest === undefined ? `known are ${known.join(", ")}` : `did you mean ${closest}?`;
    return { path: `${at}.${key}`, problem: "is not a known key", remedy };
  });
}

function isPathPattern(path: string): boolean {
  return /^\/[^\s?#()]*$/.test(path) && !/\*./.test(path) && !/[^/]\*/.test(path) && !path.includes("::") && !/:(\/|$)/.test(path);
}

/** An http(s) URL without user, query or fragment. */
function isServerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.search === "" && url.hash === "";
}

function isHeaders(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.entries(value).every(
    ([name, text]) =>
      /^[\w!#$%&'*+.^`|~-]+$/.test(name) && (text === null || (typeof text === "string" && !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(text))),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
