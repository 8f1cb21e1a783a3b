/** `npm run bench`: Gate beside its peers, in one run. Flags: --rounds N, --seconds S, --only echo|http|many|start. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureEcho } from "./cases/echo.ts";
import { measureHttp } from "./cases/http.ts";
import { measureManyWorkers } from "./cases/many-workers.ts";
import { measureStart } from "./cases/start.ts";
import { stopAll } from "./process.ts";
import { report, type Section } from "./report.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "1.5" }, only: { type: "string" } },
});
const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const folder = new URL(".", import.meta.url).pathname;
if (!existsSync(`${folder}node_modules`)) execFileSync("npm", ["ci"], { cwd: folder, stdio: "inherit" });

const cases = { echo: measureEcho, many: measureManyWorkers, http: measureHttp, start: measureStart };
const sections: Section[] = [];
try {
  for (const [name, measure] of Object.entries(cases)) {
    if (values.only !== undefined && values.only !== name) continue;
    process.stderr.write(`${name} …\n`);
    sections.push(...(await measure(plan)));
    await stopAll();
  }
} finally {
  await stopAll();
}
report(sections);
process.exit();
