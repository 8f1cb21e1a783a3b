import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { onTestFinished } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** A folder inside the checkout, so that files in it can import `unigate`; removed when the test ends. */
export async function workspace(files: Readonly<Record<string, string>> = {}): Promise<string> {
  await mkdir(`${root}scratch`, { recursive: true });
  const folder = await mkdtemp(`${root}scratch/test-`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(`${folder}/${name}`, text);
  return folder;
}
