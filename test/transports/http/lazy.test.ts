import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = (options: string, then = ""): string => `
  import { createRequire, Module } from "node:module";
  import { createGate } from "unigate/gate";
  import { http } from "unigate/http";
  const gate = createGate({ settle: 0, transports: [http({ port: 0, ...${options} })] });
  await gate.start();
  const { url } = gate.addresses[0];
  await (await fetch(url + "/services")).text();
  ${then}
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  console.log(JSON.stringify(["undici", "fastify"].filter((name) => loaded.some((file) => file.includes("/node_modules/" + name + "/")))));
  await gate.close();
`;

async function loadedBy(options: string, then?: string): Promise<string[]> {
  const root = new URL("../../..", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program(options, then)], { cwd: root });
  return JSON.parse(stdout) as string[];
}

test("the HTTP client of upstreams loads with the first of them, and not before", async () => {
  const register = `await fetch(url + "/register", { method: "POST", body: JSON.stringify({ name: "a", service: "http://127.0.0.1:1" }) });`;
  expect(await loadedBy("{}")).toEqual(["fastify"]);
  expect(await loadedBy("{}", register)).toEqual(["undici", "fastify"]);
  expect(await loadedBy(`{ proxy: [{ path: "/a", to: "http://127.0.0.1:1" }] }`)).toEqual(["undici", "fastify"]);
});
