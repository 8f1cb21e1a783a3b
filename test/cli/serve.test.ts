import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, gate, gateCommand, GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
import { tag } from "./lib.ts";
export const service = "job";
export const version = () => tag;
export const slow = async (ms: number) => { console.error("slow has begun"); await sleep(ms); return tag; };
export const pid = () => process.pid;
export const stray = () => { void Promise.reject(new Error("nobody looks")); return "fine"; };
`;

interface Place {
  folder: string;
  zmq: string;
  http: string;
  serve(...args: string[]): GateProcess;
}

/** A folder with a config on free ports and a handlers file that imports another. */
async function place(): Promise<Place> {
  const folder = await workspace({ "job.ts": handlers, "lib.ts": 'export const tag = "one";\n' });
  const [http, zmq] = [await freePort(), await freePort()];
  await writeFile(
    `${folder}/gate.config.ts`,
    `import { defineConfig } from "unigate"; import { http } from "unigate/http"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [http({ port: ${http} }), zmq({ bind: "tcp://127.0.0.1:${zmq}" })], routes: { "job.*": { queue: 5 } } });\n`,
  );
  return {
    folder,
    zmq: `tcp://127.0.0.1:${zmq}`,
    http: `http://127.0.0.1:${http}`,
    serve: (...args) => new GateProcess(["serve", ...args], { cwd: folder }),
  };
}

function open(url: string): ReturnType<typeof connect> {
  const client = connect(url);
  onTestFinished(() => client.close());
  return client;
}

describe("gate serve", () => {
  it("finds ./gate.config.ts, greets on stderr with its addresses, and writes nothing to stdout", async () => {
    const { serve, zmq, http } = await place();
    const process = serve();
    await process.says(/0 workers/);
    expect(process.stderr).toMatch(/gate \d+\.\d+\.\d+ {2}ready in \d+ ms {2}on gate\.config\.ts/);
    expect(process.stderr).toContain(`${http}  HTTP calls`);
    expect(process.stderr).toContain(zmq);
    process.signal("SIGTERM");
    expect(await process.exit).toBe(0);
    expect(process.stdout).toBe("");
  });

  it("--worker prints lines to try that do work, with the ports of this gate", async () => {
    const { serve } = await place();
    const counter = new URL("../../examples/01-counter/handlers.ts", import.meta.url).pathname;
    const process = serve("--worker", counter);
    const [, call = "", curl = ""] = await process.says(
      /Try:\n\s+npx gate (call .*)\n\s+(curl .*)\n\s+npx gate worker \.\/my-handlers\.ts/,
    );
    const called = spawnSync(globalThis.process.execPath, [gateCommand, ...call.split(" ")], { encoding: "utf8" });
    expect(called).toMatchObject({ status: 0, stdout: "2\n" });
    expect(spawnSync("sh", ["-c", curl], { encoding: "utf8" }).stdout).toBe("3");
  });

  it("with handlers that do not compile exits with 2 before a port opens", async () => {
    const { serve, folder, http } = await place();
    await writeFile(`${folder}/lib.ts`, "export const tag = ;\n");
    for (const watch of [[], ["--watch"]]) {
      const process = serve("--worker", "job.ts", ...watch);
      expect(await process.exit).toBe(2);
      expect(process.stderr).toMatch(/lib\.ts:1: .*\n {2}1 \| export const tag = ;/);
      expect(process.stderr).not.toContain("ready in");
    }
    await expect(fetch(`${http}/health`)).rejects.toThrow();
  });

  it("with handlers whose path is taken says which, and exits with 2", async () => {
    const { serve, folder } = await place();
    await writeFile(
      `${folder}/taken.ts`,
      'import { method } from "unigate/worker";\nexport const a = method({ http: "GET /health" }, () => 1);\n',
    );
    const process = serve("--worker", "taken.ts");
    expect(await process.exit).toBe(2);
    expect(process.stderr).toContain("/health");
  });

  it("told to stop finishes the jobs of its own worker, and leaves with 0 without a word of lost links", async () => {
    const { serve, zmq } = await place();
    const process = serve("--worker", "job.ts");
    await process.says(/Try:/);
    const client = open(zmq);
    const call = client.call("job.slow", [400]);
    await process.says(/slow has begun/);
    process.signal("SIGINT");
    await process.says(/finishing 1 job/);
    expect(await call).toBe("one");
    expect(await process.exit).toBe(0);
    expect(process.stderr).not.toContain("no link");
  });

  it("told twice by Ctrl-C stops at once with 130, and takes a watched worker along", async () => {
    for (const watch of [[], ["--watch"]]) {
      const { serve, zmq } = await place();
      const process = serve("--worker", "job.ts", ...watch);
      await process.says(/Try:/);
      const client = open(zmq);
      const worker = await client.call<number>("job.pid");
      const call = Promise.resolve(client.call("job.slow", [60_000])).catch((error: { code: string }) => error.code);
      await process.says(/slow has begun/);
      process.signal("SIGINT");
      await process.says(/finishing 1 job/);
      process.signal("SIGINT");
      expect(await process.exit).toBe(130);
      expect(await call).toBe("unavailable");
      await eventuallyTrue("its worker is gone", () => !isAlive(worker));
    }
  });

  it("survives a promise that its handlers reject and forget, and logs it", async () => {
    const { serve, zmq } = await place();
    const process = serve("--worker", "job.ts");
    await process.says(/Try:/);
    const client = open(zmq);
    expect(await client.call("job.stray")).toBe("fine");
    await process.says(/nobody looks/);
    expect(await client.call("job.version")).toBe("one");
  });
});

describe("gate serve --watch --worker", () => {
  it("reloads when an import changes and loses no running job; a broken one keeps the old, a changed config touches no worker", async () => {
    const { serve, folder, zmq } = await place();
    const process = serve("--worker", "job.ts", "--watch");
    await process.says(/Try:/);
    const client = open(zmq);
    const running = client.call("job.slow", [1200]);
    await process.says(/slow has begun/);
    await writeFile(`${folder}/lib.ts`, 'export const tag = "two";\n');
    await eventuallyTrue("the new version answers", async () => (await client.call("job.version")) === "two");
    expect(await running).toBe("one");
    await writeFile(`${folder}/lib.ts`, "export const tag = ;\n");
    await process.says(/the old one goes on/);
    expect(await client.call("job.version")).toBe("two");
    await writeFile(`${folder}/lib.ts`, 'export const tag = "three";\n');
    await eventuallyTrue("the repaired version answers", async () => (await client.call("job.version")) === "three");
    await eventuallyTrue("it is alone", async () => (await client.call<unknown[]>("Gate.workers")).length === 1);
    const pid = await client.call("job.pid");
    await writeFile(`${folder}/gate.config.ts`, "export default {{;\n");
    await process.says(/gate\.config\.ts was not reloaded, the old one goes on: .*gate\.config\.ts:1/);
    expect(await client.call("job.pid")).toBe(pid);
    process.signal("SIGTERM");
    expect(await process.exit).toBe(0);
  });
});

describe("gate check", () => {
  it("tells the doors and the routes of a config, the built-in one included", async () => {
    const { folder, http, zmq } = await place();
    const { code, stdout, stderr } = await gate(["check"], { cwd: folder });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        "gate.config.ts is fine; it opens http and zmq\n" +
        `  ${http}  HTTP calls, and clients and workers over WebSocket\n  ${zmq}  ZeroMQ clients and workers\n`,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      transports: ["http", "zmq"],
      addresses: [
        { transport: "http", url: http },
        { transport: "zmq", url: zmq },
      ],
      routes: [
        { pattern: "job.*", queue: 5 },
        { pattern: "*", isBuiltIn: true },
      ],
    });
  });

  it("and serve --worker name both methods of a file that want one path, and one that wants a page of the gate", async () => {
    const { folder, serve } = await place();
    const twice = (one: string, two: string): string =>
      `import { defineService, method } from "unigate";
export default defineService("two", { one: method({ http: "${one}" }, () => 1), two: method({ http: "${two}" }, () => 2) });\n`;
    await writeFile(`${folder}/same.ts`, twice("GET /x/:id", "GET /x/:key"));
    await writeFile(`${folder}/own.ts`, twice("POST /x/:id", "GET /workers"));
    expect(await gate(["check", "--worker", "same.ts"], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: 'gate: two.two: http binding "GET /x/:key" is taken by two.one; choose another path\n',
    });
    const { code, stderr } = await gate(["check", "--worker", "own.ts"], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining('two.two is bound to "GET /workers"; bind another path')]);
    const running = serve("--worker", "same.ts");
    expect(await running.exit).toBe(2);
    expect(running.stderr).toContain("is taken by two.one; choose another path");
  });

  it("tells why each method gets its route, and names the same addresses as the gate that listens there", async () => {
    const { folder, serve } = await place();
    await writeFile(
      `${folder}/why.config.ts`,
      `import { defineConfig } from "unigate"; import { grpc } from "unigate/grpc"; import { http } from "unigate/http"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [http({ port: ${await freePort()} }), zmq({ bind: "tcp://127.0.0.1:${await freePort()}" }), grpc({ port: ${await freePort()} })],
  routes: { "job.*": {}, "job.pid": {}, "*": {} } });\n`,
    );
    await writeFile(`${folder}/other.ts`, "export const a = () => 1;\n");
    const { stdout } = await gate(["check", "-c", "why.config.ts", "--worker", "job.ts", "--worker", "other.ts"], { cwd: folder });
    const { addresses, methods } = JSON.parse(stdout) as { addresses: { url: string }[]; methods: { method: string; why: string }[] };
    expect(Object.fromEntries(methods.map(({ method, why }) => [method, why]))).toMatchObject({
      "job.pid": "names the method, before job.* and *",
      "job.slow": "is the longest prefix, before *",
      "other.a": "takes what no other matches",
    });
    const running = serve("-c", "why.config.ts");
    await running.says(/0 workers/);
    expect(addresses).toHaveLength(3);
    for (const { url } of addresses) expect(running.stderr).toContain(`${url} `);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
