import { existsSync } from "node:fs";
import { delimiter } from "node:path";

/** Where a program is installed, if it is: in PATH, or where systems keep servers that a user's PATH may leave out. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}
