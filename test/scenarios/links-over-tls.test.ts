import { execFile } from "node:child_process";
import { request } from "node:https";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { cert, key } from "../support/certificate.ts";
import { bodyOf, startServer } from "../support/http-server.ts";
import { nginxProgram, startNginx } from "../support/nginx.ts";
import { GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const files = {
  "greeter.ts": "export const hello = (name: string): string => `Hello, ${name}`;\n",
  "caller.ts":
    'import { connect } from "unigate";\nconst client = connect(process.argv[2] ?? "");\n' +
    'console.log(await client.call("greeter.hello", ["Ada"]));\nawait client.close();\n',
  "cert.pem": cert,
  "key.pem": key,
};

/** What a gate needs in front to be reached by `wss://`, as the page about NAT has it. */
const location = (gate: string): string =>
  `location / { proxy_pass ${gate}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; ` +
  "proxy_set_header Connection $http_connection; proxy_buffering off; proxy_request_buffering off; }";

async function askSecurely(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request(url, { ca: cert, agent: false }, (response) => bodyOf(response).then((body) => resolve(String(body)), reject))
    .on("error", reject)
    .end();
  return promise;
}

const why = nginxProgram === undefined ? " (skipped: nginx is not installed)" : "";
describe.skipIf(nginxProgram === undefined)(`through nginx with TLS${why}`, () => {
  const open = async (): Promise<{ folder: string; url: string; gate: string; env: Record<string, string> }> => {
    const folder = await workspace(files);
    const { http } = await startGate(folder);
    const { url } = await startNginx(location(http), undefined, { cert: `${folder}/cert.pem`, key: `${folder}/key.pem` });
    return { folder, url, gate: url.replace("https", "wss"), env: { NODE_EXTRA_CA_CERTS: `${folder}/cert.pem`, GATE_LOG: "info" } };
  };

  it("a worker, the command, a program and an exposed server reach a gate at wss://", async () => {
    const { folder, url, gate, env } = await open();
    await new GateProcess(["worker", `${folder}/greeter.ts`, "--gate", gate], { env }).says(/serving/);
    const call = new GateProcess(["call", "greeter.hello", "Ada", "--gate", gate], { env });
    expect([await call.exit, call.stdout.trim()]).toEqual([0, '"Hello, Ada"']);
    const program = promisify(execFile)(process.execPath, [`${folder}/caller.ts`, gate], { env: { ...process.env, ...env } });
    expect((await program).stdout.trim()).toBe("Hello, Ada");
    const { port } = await startServer((incoming, response) =>
      response.end(`${incoming.url} by ${String(incoming.headers["x-forwarded-host"])}`),
    );
    const exposing = new GateProcess(["expose", String(port), "--path", "/site", "--gate", gate], { env });
    await exposing.says(new RegExp(`exposing http://localhost:${port} at ${url}/site`));
    expect(await askSecurely(`${url}/site/about?x=1`)).toBe(`/about?x=1 by ${new URL(url).host}`);
  });

  it("a certificate that nobody here trusts is told with its remedy, not tried without a word", async () => {
    const { folder, gate } = await open();
    const call = new GateProcess(["call", "greeter.hello", "Ada", "--gate", gate]);
    expect(await call.exit).toBe(1);
    expect(call.stderr).toMatch(/cannot reach a gate at wss:.*signed its certificate; trust it with NODE_EXTRA_CA_CERTS=/);
    const worker = new GateProcess(["worker", `${folder}/greeter.ts`, "--gate", gate]);
    await worker.says(/trust it with NODE_EXTRA_CA_CERTS=/);
  });

  it("a certificate of another name, and a port without TLS, are told apart", async () => {
    const { gate, env } = await open();
    const named = new GateProcess(["call", "greeter.hello", "--gate", gate.replace("localhost", "127.0.0.1")], { env });
    expect(await named.exit).toBe(1);
    expect(named.stderr).toMatch(/its certificate is for another name; write the host that it names \(DNS:localhost, DNS:other.test\)$/m);
    const { port } = await startServer((_request, response) => response.end());
    const plain = new GateProcess(["call", "greeter.hello", "--gate", `wss://localhost:${port}`], { env });
    expect(await plain.exit).toBe(1);
    expect(plain.stderr).toContain("no TLS is spoken there; write ws:// in place of wss://");
  });
});
