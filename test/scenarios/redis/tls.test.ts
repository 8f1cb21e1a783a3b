import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { GateProcess } from "../../support/processes.ts";
import { freePorts, RedisServer } from "../../support/redis-server.ts";
import { workspace } from "../../support/workspace.ts";

it("a worker and a caller meet over rediss://, and one that does not trust the server is told why", { timeout: 60_000 }, async () => {
  const folder = await workspace({
    "greeter.ts": `export const hello = (name: string): string => \`Hello, \${name}\`;\n`,
  });
  const [key, certificate] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync(
    "/usr/bin/openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", ...name],
    {
      stdio: "ignore",
    },
  );
  const [port] = (await freePorts(1)) as [number];
  const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
  await using _server = await RedisServer.start(["--tls-port", String(port), ...files]);
  const gate = `rediss://localhost:${port}`;
  const trusting = { env: { NODE_EXTRA_CA_CERTS: certificate, GATE_LOG: "info" } };
  await new GateProcess(["worker", `${folder}/greeter.ts`, "--gate", gate], trusting).says(/serving/);
  const call = new GateProcess(["call", "greeter.hello", "Ada", "--gate", gate], trusting);
  expect(await call.exit).toBe(0);
  expect(call.stdout.trim()).toBe('"Hello, Ada"');
  const wary = new GateProcess(["call", "greeter.hello", "Ada", "--gate", gate]);
  expect(await wary.exit).toBe(1);
  expect(wary.stderr).toContain("certificate");
});
