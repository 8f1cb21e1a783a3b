/**
 * `npm run bench`: Gate beside its peers, in one run.
 *
 * Flags (after `--`): `--rounds 5`, `--seconds 1.5`, `--only echo,http,many,proxy,grpc,redis,start`. Only a whole run is saved to RESULTS.md.
 */
import { parseArgs } from "node:util";
import { measureEcho } from "./cases/echo.ts";
import { measureGrpc } from "./cases/grpc.ts";
import { measureHttp } from "./cases/http.ts";
import { measureManyWorkers } from "./cases/many-workers.ts";
import { measureProxy } from "./cases/proxy.ts";
import { measureRedis } from "./cases/redis.ts";
import { measureStart } from "./cases/start.ts";
import { describeRun, loadBefore } from "./machine.ts";
import { installPeers } from "./peers.ts";
import { stopAll } from "./process.ts";
import { reportOf, save, type Section } from "./report.ts";
import type { Plan } from "./rounds.ts";

const cases: Record<string, (plan: Plan) => Promise<Section[]>> = {
  echo: measureEcho,
  many: measureManyWorkers,
  http: measureHttp,
  proxy: measureProxy,
  grpc: measureGrpc,
  redis: measureRedis,
  start: measureStart,
};

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "1.5" }, only: { type: "string" } },
});
const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const chosen = values.only?.split(",") ?? Object.keys(cases);
const unknown = chosen.filter((name) => cases[name] === undefined);
if (unknown.length > 0 || !Number.isInteger(plan.rounds) || !(plan.rounds > 0) || !(plan.seconds > 0)) {
  process.stderr.write(`usage: node test/bench/run.ts [--rounds N] [--seconds S] [--only ${Object.keys(cases).join(",")}]\n`);
  process.exit(2);
}

const busyAtStart = loadBefore();
installPeers();
const sections: Section[] = [];
for (const name of chosen) {
  process.stderr.write(`${name} …\n`);
  sections.push(...((await cases[name]?.(plan)) ?? []));
  await stopAll();
}
const text = reportOf(describeRun(plan, busyAtStart), sections);
process.stdout.write(`${text}\n`);
if (values.only === undefined) save(text);
else process.stderr.write("Not saved: RESULTS.md holds whole runs only.\n");
