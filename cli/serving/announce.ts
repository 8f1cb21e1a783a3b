import { styleText } from "node:util";
import type { Gate } from "unigate/gate";

type Style = "bold" | "cyan" | "dim" | "green";

/** The lines with which a gate greets whoever started it: its version, its config (none: the embedded one), what listens where, and `body`. */
export function announcement(gate: Gate, config: string | undefined, body: readonly string[]): string {
  const { version } = gate.status.info();
  const width = Math.max(...gate.addresses.map(({ url }) => url.length));
  const ready = `ready in ${Math.round(performance.now())} ms`;
  const head = `  ${paint("green", `gate ${version}`)}  ${paint("bold", ready)}${config === undefined ? "" : paint("dim", `  on ${config}`)}`;
  const addresses = gate.addresses.map(
    ({ url, purpose }) => `  ${paint("green", "➜")}  ${paint("cyan", url.padEnd(width))}  ${paint("dim", purpose)}`,
  );
  return `\n${[head, "", ...addresses, "", ...body].join("\n")}\n`;
}

/** Lines to try on a gate whose own workers serve `methods`; how to add a worker when there are none. */
export function whatToTry(gate: Gate, methods: readonly string[]): string[] {
  const urls = {
    http: gate.addresses.find(({ transport }) => transport === "http")?.url,
    zmq: gate.addresses.find(({ transport }) => transport === "zmq")?.url,
    grpc: gate.addresses.find(({ transport }) => transport === "grpc")?.url,
  };
  if (methods.length === 0) return [`  Add a worker: npx gate worker ./handlers.ts${gateOption(urls)}`];
  return [
    "  Try:",
    ...suggestions(valuesFirst(gate, methods), urls).map((line) => `    ${line}`),
    paint("dim", `    where ${ownFile} is any file that exports functions`),
  ];
}

/** A stream without its arguments may well be empty: no good first thing to see. */
function valuesFirst(gate: Gate, methods: readonly string[]): string[] {
  const all = gate.status.services().flatMap((service) => service.methods);
  const streams = new Set(all.filter(({ stream }) => stream === true).map(({ name }) => name));
  return methods.toSorted((a, b) => Number(streams.has(a)) - Number(streams.has(b)));
}

/** Names, the first eight of them in full. */
export function listed(names: readonly string[]): string {
  const more = names.length - 8;
  return more < 2 ? names.join(", ") : `${names.slice(0, 8).join(", ")} and ${more} more`;
}

interface Urls {
  http: string | undefined;
  zmq: string | undefined;
  grpc: string | undefined;
}

/** What people call a file of their own. */
const ownFile = "./my-handlers.ts";

/** Lines to try; for the counter of the first example, with arguments that work. */
function suggestions(methods: readonly string[], urls: Urls): string[] {
  const [first = ""] = methods;
  const isCounter = methods.includes("counter.increment");
  const call = `npx gate call ${isCounter ? "counter.increment visitors 2" : first}${gateOption(urls)}`;
  const curl = isCounter
    ? `curl -X POST ${urls.http}/api/counter/increment -H 'content-type: application/json' -d '{"name":"visitors","amount":1}'`
    : `curl -X POST ${urls.http}/call/${first} -H 'content-type: application/json' -d '[]'`;
  return [call, ...(urls.http === undefined ? [] : [curl]), `npx gate worker ${ownFile}${gateOption(urls)}`];
}

/** What a command needs to find a gate that is not where it looks by itself. */
function gateOption({ zmq, http, grpc }: Urls): string {
  const url = zmq ?? http ?? grpc;
  return url === undefined || url === "tcp://127.0.0.1:5555" ? "" : ` --gate ${url}`;
}

function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
