import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";
import { eventuallyTrue } from "./eventually.ts";
import { freePort } from "./processes.ts";

/** The installed nginx, or undefined. */
export const nginxProgram: string | undefined = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/usr/bin/nginx"].find(
  existsSync,
);

/** Files in PEM of an nginx that speaks TLS. */
export interface NginxTls {
  cert: string;
  key: string;
}

/** A running nginx. */
export interface Nginx {
  url: string;
  port: number;
  /** Ends it at once; its connections are cut. */
  kill(): Promise<void>;
}

/** A real nginx with `locations` in its one server; ends with the test. `{folder}` in them is a folder with a file `large` of 1 MiB. */
export async function startNginx(locations: string, onPort?: number, tls?: NginxTls): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error("nginx is not installed");
  const folder = await mkdtemp(`${tmpdir()}/gate-nginx-`);
  const port = onPort ?? (await freePort());
  await writeFile(`${folder}/large`, Buffer.alloc(1024 * 1024, "0123456789abcdef"), { mode: 0o644 });
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  const secure = tls === undefined ? "" : ` ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}`;
  await writeFile(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}\n` +
      `http { access_log off; ${temp} server { listen 127.0.0.1:${port}${secure}; ${locations.replaceAll("{folder}", folder)} } }`,
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
  await eventuallyTrue("nginx answers", () => accepts(port));
  return { url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`, port, kill };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
