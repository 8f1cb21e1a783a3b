import { readFile } from "node:fs/promises";
import { connect, defineService } from "unigate";
import { grpc } from "unigate/grpc";
import { metrics } from "unigate/plugins/metrics";
import { expect, it, onTestFinished } from "vitest";
import { openHttpDoor } from "../support/http-door.ts";

interface Dashboard {
  panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
  templating: { list: { type: string; query: string | { query: string } }[] };
}

const file = new URL("../../examples/06-metrics/dashboard.json", import.meta.url);
const dashboard = JSON.parse(await readFile(file, "utf8")) as Dashboard;

/** Labels of each metric of a gate with a link, a pool and an ended job, by name; a scrape adds `job` and `instance`. */
async function metricsOfPage(): Promise<Map<string, Set<string>>> {
  const { url, gate } = await openHttpDoor(defineService("echo", { say: (text: string) => text }), { config: { plugins: [metrics()] } });
  await gate.open(grpc({ port: 0, upstreams: { "shop.*": { to: "127.0.0.1:9" } } }));
  const client = connect(url.replace("http", "ws"));
  onTestFinished(() => client.close());
  await client.call("echo.say", ["hello"]);
  const found = new Map<string, Set<string>>();
  for (const line of (await (await fetch(`${url}/metrics`)).text()).split("\n")) {
    const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = found.get(name) ?? found.set(name, new Set(["job", "instance"])).get(name)!;
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label!);
  }
  return found;
}

it("every query of the dashboard names metrics that exist, and labels that they have", async () => {
  const found = await metricsOfPage();
  const variables = dashboard.templating.list.flatMap(({ query }) =>
    typeof query === "string" ? [] : [{ expr: query.query, legend: "" }],
  );
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr, legendFormat }) => ({ expr, legend: legendFormat })));
  const asked = new Set<string>();
  for (const { expr, legend } of [...variables, ...queries]) {
    const names = [...expr.matchAll(/\b(?:gate|process)_\w+/g)].map(([name]) => name);
    expect(names, expr).not.toEqual([]);
    for (const name of names) {
      asked.add(name);
      const labels = found.get(name);
      expect(labels, `${name} of ${expr}`).toBeDefined();
      const wanted = [
        ...[...expr.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label]) => label!),
        ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(", ")),
        ...[...expr.matchAll(/, (\w+)\)$/g)].map(([, label]) => label!),
        ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!),
      ];
      for (const label of wanted) expect(labels, `${label} of ${expr}`).toContain(label);
    }
  }
  // And nothing that the page tells is left out.
  const told = new Set([...found.keys()].map((name) => name.replace(/_(?:sum|count)$/, "_bucket")));
  expect([...told].filter((name) => !asked.has(name))).toEqual([]);
});
