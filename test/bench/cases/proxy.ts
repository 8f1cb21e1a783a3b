import { startFastify, startFastifyProxy } from "../contenders/fastify/stack.ts";
import { startGateProxy } from "../contenders/gate/stack.ts";
import { startNginxProxy } from "../contenders/nginx/stack.ts";
import { awaitGreeting, httpTool, loadHttp } from "../http-load.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { type Measured, type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, type Spread, spreadOf } from "../statistics.ts";
import { targets, verdict } from "../targets.ts";

const gate = "Gate, proxied route";
const nginx = "nginx, one worker process";
const plugin = "@fastify/http-proxy";
const direct = "the upstream itself (fastify)";

/** The reverse proxy: Gate, nginx and `@fastify/http-proxy` in front of the same upstream. */
export async function measureProxy(plan: Plan): Promise<Section[]> {
  const upstream = await startFastify();
  const ports = new Map<string, number | undefined>([
    [gate, await startGateProxy(upstream)],
    [nginx, await startNginxProxy(upstream)],
    [plugin, await startFastifyProxy(upstream)],
    [direct, upstream],
  ]);
  const urls = [...ports].flatMap(([name, port]) => (port === undefined ? [] : [[name, `http://127.0.0.1:${port}/hello`] as const]));
  for (const [, url] of urls) await awaitGreeting(url);
  // The load generators count in whole seconds.
  const seconds = Math.ceil(plan.seconds);
  const measure = (connections: number, rounds: number): Promise<Map<string, Measured>> =>
    takeTurns(
      urls.map(([name, url]) => ({ name, round: () => loadHttp(url, seconds, connections) })),
      { rounds, seconds },
    );
  // The microseconds that are added are a small difference of two figures: it takes more rounds to see it.
  const [many, one] = [await measure(64, plan.rounds), await measure(1, 3 * plan.rounds)];
  const spread = (measured: Map<string, Measured>, name: string): Spread | undefined => spreadOf(measured.get(name)?.valid ?? []);
  const addedUs = (name: string): number | undefined => {
    const [through, bare] = [spread(one, name)?.median, spread(one, direct)?.median];
    return through === undefined || bare === undefined ? undefined : 1e6 / through - 1e6 / bare;
  };
  const [ours, theirs] = [addedUs(gate), addedUs(nginx)];
  const added = ours === undefined || theirs === undefined || theirs <= 0 ? undefined : ours / theirs;
  const overPlugin = ratioOf(spread(many, gate), spread(many, plugin));
  const overNginx = ratioOf(spread(many, gate), spread(many, nginx));

  return [
    {
      title: "Reverse proxy, requests per second",
      note: `${httpTool}, the same small JSON body in and out, one process per proxy, rounds of ${seconds} s, three times as many at 1 connection; load, proxy and upstream share the machine.`,
      headings: ["", "64 connections", "1 connection", "µs added at 1", "Gate is × at 64", "target"],
      rows: [...ports.keys()].map((name) => [
        name,
        range(spread(many, name)),
        range(spread(one, name)),
        name === direct ? "" : figure(addedUs(name), 0),
        name === gate ? "" : figure(ratioOf(spread(many, gate), spread(many, name)), 2),
        name === plugin ? verdict(overPlugin, targets.overFastifyProxy) : name === nginx ? verdict(overNginx, targets.overNginx) : "",
      ]),
      remarks: [
        `Added at 1 connection, Gate ÷ nginx: ${figure(added, 2)}: ${verdict(added, targets.addedLatency)}.`,
        ...remarksOn(many),
        ...remarksOn(one),
      ],
    },
  ];
}
