import { GateError, type Logger } from "unigate/transport";
import type { Worker } from "unigate/worker";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { linkNotes } from "../serving/link-notes.ts";
import { createLogger } from "../log/logger.ts";
import { requestLines } from "../serving/request-lines.ts";
import { untilStopped } from "../serving/stop-signals.ts";
import { survive } from "../serving/stray-rejections.ts";
import { UserError } from "../user-error.ts";

/** How long the requests that run may take to end once the command is told to stop, in ms; event streams and WebSockets never would. */
const lastRequestsMs = 5000;

/** `gate expose`: publishes an HTTP server of this machine through a gate. */
export const expose: Command = defineCommand({
  name: "expose",
  summary: "Publishes a local HTTP server through a gate, over an outgoing connection.",
  positionals: [{ name: "url", description: "the server: http://localhost:3000, localhost:3000 or 3000", isRequired: true }],
  options: {
    ...gateOptions,
    path: { type: "string", description: "path at the gate; default /, every path that the gate does not need itself", value: "PATH" },
    name: { type: "string", description: "name of the service; default made of the path", value: "NAME" },
    id: { type: "string", description: "name of the worker; default host and process id", value: "ID" },
    concurrency: { type: "number", description: "requests at once, WebSockets included; default 1024", value: "N" },
    ...jsonOption,
    "log-level": { type: "string", description: "debug, info, warn or error; default $GATE_LOG, else warn", value: "LEVEL" },
  },
  examples: ["gate expose http://localhost:3000 --gate wss://gate.example", "gate expose 3000 --path /app --json"],
  changesGate: () => true,
  async run(context) {
    await serve(context);
    // Connections that are kept alive would keep the process.
    process.exit();
  },
});

async function serve(context: CommandContext): Promise<void> {
  const { note } = context.output;
  const logger = await createLogger(context.text("log-level"), "warn");
  survive(logger);
  const worker = await makeWorker(context, linkNotes(logger, note));
  let isStopping = false;
  const stopped = untilStopped({
    drain() {
      isStopping = true;
      return leave(worker, note);
    },
  });
  await Promise.race([announce(context, worker), stopped]);
  await Promise.race([untilLeft(worker), stopped]);
  if (isStopping) await stopped;
  else note("the gate asked this worker to leave");
}

async function makeWorker(context: CommandContext, logger: Logger): Promise<Worker> {
  const { url, key } = context.gate();
  const given = {
    gate: url,
    key,
    path: context.text("path"),
    name: context.text("name"),
    id: context.text("id"),
    concurrency: context.number("concurrency"),
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { exposeServer } = await import("unigate/expose");
  try {
    return exposeServer(toUrl(context.text("url") ?? ""), {
      ...options,
      logger,
      onRequest: requestLines(context.output, context.isSet("json")),
    });
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
}

async function announce({ output, text, gate }: CommandContext, worker: Worker): Promise<void> {
  try {
    await worker.start();
  } catch (error) {
    throw refusal(error);
  }
  output.note(`exposing ${toUrl(text("url") ?? "")} at ${publicUrl(gate().url, text("path") ?? "/")} as ${worker.id}`);
}

async function untilLeft(worker: Worker): Promise<void> {
  try {
    await worker.closed;
  } catch (error) {
    throw refusal(error);
  }
}

async function leave(worker: Worker, note: (text: string) => void): Promise<void> {
  const { inFlight } = worker;
  if (inFlight > 0) note(`finishing ${inFlight === 1 ? "1 request" : `${inFlight} requests`}; Ctrl-C again leaves now`);
  const timer = setTimeout(() => void worker.close(), lastRequestsMs);
  await Promise.race([worker.drain(), worker.closed]);
  clearTimeout(timer);
}

function refusal(error: unknown): UserError {
  return new UserError(`the gate refused this worker: ${GateError.from(error).message}`, undefined, { cause: error });
}

/** `3000` and `localhost:3000` are what people type. */
function toUrl(text: string): string {
  if (/^\d+$/.test(text)) return `http://localhost:${text}`;
  return /^[a-z][\w+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

/** Where the public finds the server, as far as the gate's URL tells: the HTTP port of a gate that is reached another way has another. */
function publicUrl(gate: string, path: string): string {
  const url = URL.parse(gate);
  const isHttp = url !== null && /^(wss?|https?):$/.test(url.protocol);
  return isHttp ? `${/^(wss|https):$/.test(url.protocol) ? "https" : "http"}://${url.host}${path}` : `${path} of the gate at ${gate}`;
}
