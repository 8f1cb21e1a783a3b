/** The commands that show a part of a running gate: each calls one method of the gate's own service. */
import type { GateInfo, QueueStatus, RouteStatus, ServiceStatus, WorkerStatus } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, gateOptions, jsonOption } from "../command.ts";
import { withClient, withRunningGate } from "../calling/connection.ts";
import { listGrpc } from "../calling/grpc-call.ts";
import { duration } from "../duration.ts";

interface View<Status> {
  name: string;
  summary: string;
  method: string;
  headings: readonly string[];
  rows(status: Status): unknown[][];
  /** Also told where no gate runs, of what its Redis knows. */
  needsNoGate?: boolean;
  examples?: readonly string[];
  /** Asked first: tells it where there is no gate to ask. */
  elsewhere?(context: CommandContext): Promise<Status | undefined>;
  /** Said on a terminal when there is no row. */
  none?: string;
}

/** `gate list`. */
export const list: Command = inspect<ServiceStatus[]>({
  name: "list",
  summary: "Shows the services that the gate knows, and their methods.",
  method: "Gate.services",
  elsewhere: listGrpc,
  examples: ["gate list --gate grpc://127.0.0.1:50061    # any gRPC server with reflection"],
  needsNoGate: true,
  none: "no worker has joined yet; add one: gate worker ./handlers.ts",
  headings: ["METHOD", "PARAMETERS", "KIND", "WORKERS", "HTTP"],
  rows: (services) =>
    services.flatMap(({ workers, methods }) =>
      methods.map(({ name, params, stream, http }) => [name, params ?? "", stream === true ? "stream" : "value", workers, http ?? ""]),
    ),
});

/** `gate routes`. */
export const routes: Command = inspect<RouteStatus[]>({
  name: "routes",
  summary: "Shows the configured routes, and the targets that each holds for.",
  method: "Gate.routes",
  none: "no route is configured: every target gets the defaults",
  headings: ["PATTERN", "STRATEGY", "TIMEOUT", "QUEUE", "TARGETS"],
  rows: (all) =>
    all.map(({ pattern, strategy, timeoutMs, queue, targets }) => [
      pattern,
      strategy,
      duration(timeoutMs ?? Infinity),
      queue,
      targets.map(({ name }) => name),
    ]),
});

/** `gate workers`. */
export const workers: Command = inspect<WorkerStatus[]>({
  name: "workers",
  summary: "Shows the workers, their state and their load.",
  method: "Gate.workers",
  needsNoGate: true,
  none: "no worker has joined yet; add one: gate worker ./handlers.ts",
  headings: ["ID", "TRANSPORT", "STATE", "MISSED", "IN FLIGHT", "TOTAL", "FAILED", "AVERAGE", "P99", "VERSION", "UP"],
  rows: (all) =>
    all.map((one) => [
      one.id,
      one.transport,
      one.state,
      one.missedBeats,
      `${one.inFlight}/${one.capacity}`,
      one.total,
      one.failed,
      `${one.averageMs.toFixed(1)} ms`,
      `${one.p99Ms.toFixed(1)} ms`,
      one.version ?? "",
      duration(one.uptimeMs),
    ]),
});

/** `gate queues`. */
export const queues: Command = inspect<QueueStatus[]>({
  name: "queues",
  summary: "Shows who waits for what, and how the jobs of each target ended.",
  method: "Gate.queues",
  none: "nothing has been called yet",
  headings: ["TARGET", "WAITING", "BOUND", "OLDEST", "RUNNING", "DONE", "FAILED", "CANCELLED", "EXPIRED", "REFUSED"],
  rows: (all) =>
    all.map((one) => [
      one.target,
      one.depth,
      one.bound,
      duration(one.oldestMs),
      one.running,
      one.completed,
      one.failed,
      one.cancelled,
      one.expired,
      one.refused,
    ]),
});

/** `gate info`. */
export const info: Command = inspect<GateInfo>({
  name: "info",
  summary: "Shows the gate at a glance.",
  method: "Gate.info",
  headings: ["WHAT", "VALUE"],
  rows: (gate) => [
    ["gate", `${gate.name} (${gate.id}), version ${gate.version}, ${gate.state}`],
    ["up", duration(gate.uptimeMs)],
    ...gate.transports.flatMap(({ name, addresses }) => addresses.map(({ url, purpose }) => [name, `${url}  ${purpose}`])),
    ["workers", `${gate.workers.ready} ready, ${gate.workers.draining} draining, ${gate.workers.down} down`],
    ["methods", gate.methods],
    [
      "jobs",
      `${gate.jobs.open} open, ${gate.jobs.completed} completed, ${gate.jobs.failed} failed, ${gate.jobs.cancelled} cancelled, ${gate.jobs.expired} expired`,
    ],
    ["process", `pid ${gate.process.pid}, Node ${gate.process.node}, ${Math.round(gate.process.residentBytes / 1024 ** 2)} MB`],
  ],
});

function inspect<Status>(view: View<Status>): Command {
  return defineCommand({
    name: view.name,
    summary: view.summary,
    options: { ...gateOptions, ...jsonOption },
    examples: [`gate ${view.name}`, `gate ${view.name} --gate wss://gate.example --json`, ...(view.examples ?? [])],
    changesGate: () => false,
    async run(context: CommandContext) {
      const status = (await view.elsewhere?.(context)) ?? (await askGate(view, context));
      const rows = view.rows(status);
      context.output.table(view.headings, rows, status);
      if (context.output.isTerminal && rows.length === 0 && view.none !== undefined) context.output.note(view.none);
    },
  });
}

async function askGate<Status>({ needsNoGate, method }: View<Status>, context: CommandContext): Promise<Status> {
  return await (needsNoGate === true ? withClient : withRunningGate)(
    context,
    async (client) => await client.call<Status>(method, [], { timeout: "10s", signal: context.signal }),
  );
}
