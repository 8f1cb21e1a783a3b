import { type HttpCase, httpTool, loadHttp } from "../http-load.ts";
import { freePort, startScript } from "../process.ts";
import { figure, type Section, verdict } from "../report.ts";
import { spreadOf } from "../statistics.ts";
import { moleculerOver, type Plan, startGate } from "./stacks.ts";

/** HTTP calls: Gate with a ZeroMQ worker, moleculer-web with a worker, and fastify alone. */
export async function measureHttp({ rounds, seconds }: Plan): Promise<Section[]> {
  const cases = new Map<string, HttpCase>();
  const { ports } = await startGate();
  cases.set("Gate HTTP → ZeroMQ worker", { url: `http://127.0.0.1:${ports.HTTP_PORT}/call/echo.hello`, body: '["Ada"]' });
  const web = { ...(await moleculerOver("TCP")), HTTP_PORT: await freePort() };
  await startScript("contenders/moleculer/worker.ts", web);
  await startScript("contenders/moleculer/web.ts", web);
  cases.set("moleculer-web → worker over TCP", { url: `http://127.0.0.1:${web.HTTP_PORT}/api/echo/hello`, body: '{"name":"Ada"}' });
  const bare = { HTTP_PORT: await freePort() };
  await startScript("contenders/fastify/server.ts", bare);
  cases.set("bare fastify reply, no worker", { url: `http://127.0.0.1:${bare.HTTP_PORT}/hello`, body: '["Ada"]' });

  const figures = new Map<string, number[]>();
  const whole = Math.max(1, Math.round(seconds));
  for (let turn = -1; turn < rounds; turn++) {
    for (const [name, one] of cases) {
      const { requestsPerSecond, errors } = await loadHttp(one, whole);
      if (errors > 0) throw new Error(`${name} had ${errors} errors`);
      if (turn >= 0) figures.set(name, [...(figures.get(name) ?? []), requestsPerSecond]);
    }
  }
  const [gate = "", moleculer = ""] = cases.keys();
  const median = (name: string): number => spreadOf(figures.get(name) ?? []).median;
  const ratio = median(gate) / median(moleculer);
  return [
    {
      title: "HTTP, requests per second",
      note: `${httpTool}, 64 connections, one POST with a small JSON body.`,
      headings: ["", "requests per second", "Gate is ×", "target"],
      rows: [...cases.keys()].map((name) => {
        const { median: middle, least, most } = spreadOf(figures.get(name) ?? []);
        return [
          name,
          `${figure(middle)} (${figure(least)}–${figure(most)})`,
          name === gate ? "" : figure(median(gate) / middle, 2),
          name === moleculer ? verdict(ratio >= 2.5, "≥ 2.5") : "",
        ];
      }),
    },
  ];
}
