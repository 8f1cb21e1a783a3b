import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";
import { eventuallyTrue } from "./eventually.ts";
import { freePort } from "./processes.ts";

/** The installed nginx, or undefined. */
export const nginxProgram: string | undefined = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/usr/bin/nginx"].find(
  existsSync,
);

/** A running nginx. */
export interface Nginx {
  url: string;
  port: number;
  /** Ends it at once; its connections are cut. */
  kill(): Promise<void>;
}

/** A real nginx with `locations` in its one server; ends with the test. `{folder}` in them is a folder with a file `large` of 1 MiB. */
export async function startNginx(locations: string, onPort?: number): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error("nginx is not installed");
  const folder = await mkdtemp(`${tmpdir()}/gate-nginx-`);
  const port = onPort ?? (await freePort());
  await writeFile(`${folder}/large`, Buffer.alloc(1024 * 1024, "0123456789abcdef"), { mode: 0o644 });
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  await writeFile(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}\n` +
      `http { access_log off; ${temp} server { listen 127.0.0.1:${port}; ${locations.replaceAll("{folder}", folder)} } }`,
  );
  const child = spawn(nginxProgram, ["-e", `${folder}/error.log`, "-c", `${folder}/nginx.conf`], { stdio: "ignore" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventuallyTrue("nginx answers", () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return { url, port, kill };
}
