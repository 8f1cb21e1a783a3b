import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * Installs what Gate is measured against, once.
 *
 * The peers live beside the contender that needs them. A package.json any higher would stand between the Gate contender and
 * the project's own, and Node.js and TypeScript would no longer know `unigate` by its name.
 */
export function installPeers(): void {
  const folder = new URL("contenders/moleculer/", import.meta.url).pathname;
  if (!existsSync(`${folder}node_modules`)) execFileSync("npm", ["ci"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}
