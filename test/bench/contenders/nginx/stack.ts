import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { freePort, start } from "../../process.ts";
import { findProgram } from "../../programs.ts";

/** Starts nginx with one worker process as a proxy in front of `upstream`, with kept connections; gives its port, or undefined where it is not installed. */
export function startNginxProxy(upstream: number): Promise<number | undefined> {
  return startNginx(
    upstream,
    (port) => `listen 127.0.0.1:${port}; location / { proxy_pass http://bench; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
  );
}

/** Starts nginx with one worker process as a gRPC proxy in front of `upstream`; gives its port, or undefined where it is not installed. */
export function startNginxGrpc(upstream: number): Promise<number | undefined> {
  return startNginx(
    upstream,
    (port) => `listen 127.0.0.1:${port} http2; http2_max_requests 100000000; location / { grpc_pass grpc://bench; }`,
  );
}

async function startNginx(upstream: number, serverOf: (port: number) => string): Promise<number | undefined> {
  const command = findProgram("nginx");
  if (command === undefined) return undefined;
  const port = await freePort();
  const folder = mkdtempSync(`${tmpdir()}/gate-bench-nginx-`);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr notice; events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; ${temp}
  upstream bench { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 100000000; }
  server { ${serverOf(port)} } }
`,
  );
  await start({ command, args: ["-e", "stderr", "-c", `${folder}/nginx.conf`], ready: /event method/ });
  return port;
}
