import type { Plugin } from "../plugin/plugin.ts";
import type { PluginPage } from "../plugin/plugin-page.ts";
import type { Transport } from "../transport/transport.ts";
import type { ConfigFault } from "./fault.ts";

/** Every fault that the plugins of a config tell of themselves, and every page that is taken already. */
export function pluginFaults({ plugins, transports }: Readonly<Record<string, unknown>>): ConfigFault[] {
  if (!Array.isArray(plugins)) return [];
  const doors = Array.isArray(transports) ? (transports as (Partial<Transport> | null)[]) : [];
  const takers = new Map<string, string>();
  return plugins.flatMap((plugin: Partial<Plugin> | null, at) => {
    const faults = typeof plugin?.check === "function" ? [...plugin.check()] : [];
    for (const { path } of plugin?.pages ?? []) {
      const problem = pageProblem(path, takers, doors);
      if (problem !== undefined) faults.push({ path: "pages", problem, remedy: "give the plugin's page another path" });
      else takers.set(path, `${plugin?.name}, plugins[${at}]`);
    }
    return faults.map((fault) => ({ ...fault, path: `plugins[${at}].${fault.path}` }));
  });
}

function pageProblem(
  path: PluginPage["path"],
  takers: ReadonlyMap<string, string>,
  doors: readonly (Partial<Transport> | null)[],
): string | undefined {
  if (!/^(\/[\w.~-]+)+$/.test(path)) return `${JSON.stringify(path)} is not a path of plain segments`;
  const taker = takers.get(path);
  if (taker !== undefined) return `${path} is taken by ${taker}`;
  const door = doors.find((one) => one?.ownsPage?.(path) === true);
  return door === undefined ? undefined : `${path} is a page of the transport ${door?.name}`;
}
