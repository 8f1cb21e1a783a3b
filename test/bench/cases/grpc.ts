import { readFileSync } from "node:fs";
import { startGateGrpc } from "../contenders/gate/stack.ts";
import { startGrpcUpstream, startJsProxy, startPassThrough } from "../contenders/grpc/stack.ts";
import { startNginxGrpc } from "../contenders/nginx/stack.ts";
import { callOnce, hasH2load, loadGrpc } from "../grpc-load.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, type Spread, spreadOf } from "../statistics.ts";
import { type Target, targets, verdict } from "../targets.ts";

const gate = "Gate, gRPC upstream";
const nginx = "nginx grpc_pass, one worker process";
const bare = "bare node:http2 pass-through";
const js = "proxy made with grpc-js";
const direct = "the upstream itself (node:http2)";
const floodBytes = 1024 ** 3;

/** The gRPC proxy: Gate, nginx, a bare pass-through and one made with grpc-js in front of the same upstream. */
export async function measureGrpc(plan: Plan): Promise<Section[]> {
  if (!hasH2load) return [{ title: "gRPC proxy", note: "Not measured: h2load is not installed.", headings: [""], rows: [] }];
  const upstream = (await startGrpcUpstream()).port;
  const gateway = await startGateGrpc(upstream);
  const nginxPort = await startNginxGrpc(upstream);
  const ports = new Map<string, number>([
    [gate, gateway.port],
    ...(nginxPort === undefined ? [] : [[nginx, nginxPort] as const]),
    [bare, (await startPassThrough(upstream)).port],
    [js, (await startJsProxy(upstream)).port],
    [direct, upstream],
  ]);
  for (const [name, port] of ports) await assertAnswers(name, port);
  // The load generator counts in whole seconds.
  const seconds = Math.ceil(plan.seconds);
  const measured = await takeTurns(
    [...ports].map(([name, port]) => ({ name, round: () => loadGrpc(port, seconds) })),
    plan,
  );
  const spread = (name: string): Spread | undefined => spreadOf(measured.get(name)?.valid ?? []);
  const over = (name: string): number | undefined => ratioOf(spread(gate), spread(name));
  const bounds = new Map<string, Target>([
    [nginx, targets.grpcOverNginx],
    [bare, targets.grpcOverPassThrough],
    [js, targets.grpcOverJs],
  ]);
  return [
    {
      title: "gRPC proxy, unary calls per second",
      note: `h2load, 8 connections with 32 calls each, 16 bytes in and out, rounds of ${seconds} s; load, proxy and upstream share the machine.`,
      headings: ["", "calls per second", "Gate is ×", "target"],
      rows: [...ports.keys()].map((name) => {
        const bound = bounds.get(name);
        return [
          name,
          range(spread(name)),
          name === gate ? "" : figure(over(name), 2),
          bound === undefined ? "" : verdict(over(name), bound),
        ];
      }),
      remarks: remarksOn(measured),
    },
    await measureFlood(gateway, upstream),
  ];
}

/** One stream of 1 GB from the server to the client. */
async function measureFlood(gateway: { pid: number; port: number }, upstream: number): Promise<Section> {
  const perSecond = async (port: number): Promise<number> => {
    const { bytes, status, seconds } = await callOnce(port, "Flood", Buffer.from(String(floodBytes)));
    if (status !== "0" || bytes < floodBytes) throw new Error(`the stream ended with status ${status} after ${bytes} bytes`);
    return bytes / seconds / 1e6;
  };
  const [straight, through] = [await perSecond(upstream), await perSecond(gateway.port)];
  const peak = peakMb(gateway.pid);
  return {
    title: "gRPC proxy, one stream of 1 GB",
    note: "Messages of 64 KiB from the server to one client; the gate has run the calls above.",
    headings: ["", "MB per second", "Gate ÷ direct", "target", "peak memory of the gate", "target"],
    rows: [
      [
        "through Gate",
        figure(through),
        figure(through / straight, 2),
        verdict(through / straight, targets.grpcStream),
        figure(peak),
        verdict(peak, targets.grpcStreamMemory),
      ],
      ["direct", figure(straight), "", "", "", ""],
    ],
  };
}

/** The most memory that a process has had, in MB; nothing where the system does not tell. */
function peakMb(pid: number): number | undefined {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

async function assertAnswers(name: string, port: number): Promise<void> {
  const { bytes, status } = await callOnce(port, "Say", Buffer.alloc(16));
  if (status !== "0" || bytes !== 21) throw new Error(`${name} does not answer as it should: status ${status}, ${bytes} bytes`);
}
