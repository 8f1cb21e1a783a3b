import { startFastify } from "../contenders/fastify/stack.ts";
import { startGateWithWorker } from "../contenders/gate/stack.ts";
import { startMoleculerWeb } from "../contenders/moleculer/stack.ts";
import { awaitGreeting, httpTool, loadHttp } from "../http-load.ts";
import { figure, range, remarksOn, type Section } from "../report.ts";
import { type Plan, takeTurns } from "../rounds.ts";
import { ratioOf, type Spread, spreadOf } from "../statistics.ts";
import { targets, verdict } from "../targets.ts";

const gate = "Gate HTTP → ZeroMQ worker";
const moleculer = "moleculer-web → worker over TCP";
const bare = "bare fastify reply, no worker";

/** HTTP calls: Gate with a ZeroMQ worker, moleculer-web with a worker, and fastify alone. */
export async function measureHttp(plan: Plan): Promise<Section[]> {
  const { ports } = await startGateWithWorker();
  const urls = new Map([
    [gate, `http://127.0.0.1:${ports.HTTP_PORT}/call/echo.hello`],
    [moleculer, `http://127.0.0.1:${await startMoleculerWeb()}/api/echo/hello`],
    [bare, `http://127.0.0.1:${await startFastify()}/hello`],
  ]);
  for (const url of urls.values()) await awaitGreeting(url);
  // The load generators count in whole seconds.
  const seconds = Math.ceil(plan.seconds);
  const contenders = [...urls].map(([name, url]) => ({ name, round: () => loadHttp(url, seconds) }));
  const measured = await takeTurns(contenders, plan);
  const spread = (name: string): Spread | undefined => spreadOf(measured.get(name)?.valid ?? []);
  const ratio = ratioOf(spread(gate), spread(moleculer));

  return [
    {
      title: "HTTP, requests per second",
      note: `${httpTool}, 64 connections, the same small JSON body in and out, rounds of ${seconds} s.`,
      headings: ["", "requests per second", "Gate is ×", "target"],
      rows: [...urls.keys()].map((name) => [
        name,
        range(spread(name)),
        name === gate ? "" : figure(ratioOf(spread(gate), spread(name)), 2),
        name === moleculer ? verdict(ratio, targets.overMoleculerWeb) : "",
      ]),
      remarks: remarksOn(measured),
    },
  ];
}
