import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Installs what Gate is measured against, once; the project itself is linked beside it under its own name. */
export function installPeers(): void {
  const folder = new URL(".", import.meta.url).pathname;
  if (existsSync(`${folder}node_modules`)) return;
  execFileSync("npm", ["install", "--no-save", "--ignore-scripts"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}
