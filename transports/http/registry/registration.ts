import { configError, type ConfigFault, type MethodInfo } from "unigate/transport";
import { isIdempotent, parseTemplate, type RequestTemplate } from "../service/request-template.ts";

/** What an HTTP service says of one of its instances. */
export interface Registration {
  /** Of the service. */
  name: string;
  /** URL of the instance. */
  service: string;
  /** Between two heartbeats, in ms; undefined for the registry's own. */
  keepaliveMs: number | undefined;
  methods: ReadonlyMap<string, RequestTemplate>;
  version: string | undefined;
  weight: number | undefined;
  metadata: Readonly<Record<string, unknown>> | undefined;
}

/** Every instance takes plain requests, under `/svc/{name}/…`: they are jobs of this method. */
export const fetchMethod = "fetch";

const longestKeepalive = 86_400;
/** From here on, a `keepalive_time` is a point in time, which older clients send; it says nothing of the interval. */
const firstTimestamp = 1e9;
const mostMethods = 1000;

type Fault = (path: string, problem: string, remedy: string) => void;

/** Reads the body of `POST /register`; throws `invalid_argument` that names every fault. */
export function parseRegistration(body: Uint8Array): Registration {
  const { name, service, keepalive_time: keepalive, methods, version, weight, metadata } = parseJson(body);
  const faults: ConfigFault[] = [];
  const fault: Fault = (path, problem, remedy) => void faults.push({ path, problem, remedy });
  if (!isServiceName(name)) fault("name", "is not a name", 'write one word, such as "calc_server"');
  if (!isInstanceUrl(service)) fault("service", "is not the URL of an HTTP server", 'write one such as "http://10.0.0.7:8080"');
  if (keepalive !== undefined && !isKeepalive(keepalive))
    fault("keepalive_time", `is not a number from 0 to ${longestKeepalive}`, "write the seconds between two heartbeats, such as 60");
  if (version !== undefined && typeof version !== "string") fault("version", "is not a text", 'write one such as "v2"');
  if (weight !== undefined && !isPositive(weight)) fault("weight", "is not a number above zero", "write one such as 2");
  if (metadata !== undefined && !isRecord(metadata)) fault("metadata", "is not an object", "write an object or leave it out");
  const templates = readMethods(methods, fault);
  if (faults.length > 0) throw configError("the registration", faults);
  return {
    name: name as string,
    service: instanceUrl(service as string),
    keepaliveMs: typeof keepalive === "number" && keepalive <= longestKeepalive ? keepalive * 1000 : undefined,
    methods: templates,
    version: version as string | undefined,
    weight: weight as number | undefined,
    metadata: metadata as Registration["metadata"],
  };
}

/** The form in which an instance is known: a slash at the end makes no difference. */
export function instanceUrl(url: string): string {
  return url.replace(/\/+$/, "");
}

/** The methods that an instance offers to the gate. */
export function methodsOf({ name, methods }: Registration): MethodInfo[] {
  const declared = Array.from(methods, ([method, template]): MethodInfo => {
    const { verb, path, params } = template;
    const info: MethodInfo = { name: `${name}.${method}`, description: `${verb} ${path}`, idempotent: isIdempotent(template) };
    return params.length > 0 ? { ...info, params: [...params] } : info;
  });
  return [{ name: `${name}.${fetchMethod}`, description: `HTTP requests, as they are` }, ...declared];
}

function readMethods(methods: unknown, fault: Fault): Map<string, RequestTemplate> {
  const templates = new Map<string, RequestTemplate>();
  if (methods === undefined) return templates;
  if (!isRecord(methods) || Object.keys(methods).length > mostMethods) {
    fault("methods", `is not an object of ${mostMethods} methods at most`, 'write { "add": { "http": "GET /add/{a}/{b}" } }');
    return templates;
  }
  for (const [method, declared] of Object.entries(methods)) {
    const path = `methods.${method}`;
    const text = isRecord(declared) ? declared["http"] : declared;
    const template = typeof text === "string" ? parseTemplate(text) : undefined;
    if (method === fetchMethod) fault(path, `is taken: ${fetchMethod} stands for plain requests`, "choose another name");
    else if (!/^\w{1,200}$/.test(method)) fault(path, "is not the name of a method", "write letters, digits and _");
    else if (template === undefined) fault(path, "has no HTTP request", 'write { "http": "GET /add/{a}/{b}" }');
    else templates.set(method, template);
  }
  return templates;
}

/** The object in the body; a field of null counts as left out, as the clients of other languages send it. */
function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
  } catch {
    // The same answer as for JSON that is no object.
  }
  throw configError("the registration", [
    { path: "body", problem: "is not a JSON object", remedy: 'write {"name":"calc_server","service":"http://10.0.0.7:8080"}' },
  ]);
}

function isServiceName(name: unknown): boolean {
  return typeof name === "string" && name.length <= 200 && /^[^\s.*/?#%]+(\.[^\s.*/?#%]+)*$/.test(name);
}

function isInstanceUrl(text: unknown): boolean {
  const url = typeof text === "string" && text.length <= 2000 ? URL.parse(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.hash === "" && url.search === "" && url.username === "" && url.password === "";
}

function isKeepalive(value: unknown): boolean {
  return isPositive(value) && (value <= longestKeepalive || value >= firstTimestamp);
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < Infinity;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
