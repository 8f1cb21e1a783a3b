import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Installs what Gate is measured against, unless it is there; the project itself is linked beside it under its own name. */
export function installPeers(): void {
  const folder = new URL(".", import.meta.url).pathname;
  const { dependencies } = JSON.parse(readFileSync(`${folder}package.json`, "utf8")) as { dependencies: Record<string, string> };
  if (Object.keys(dependencies).every((name) => existsSync(`${folder}node_modules/${name}`))) return;
  execFileSync("npm", ["install", "--no-save", "--ignore-scripts"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}
