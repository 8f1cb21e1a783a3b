import { writeFile } from "node:fs/promises";
import type { AsyncJobStatus } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { freePort, gate, GateProcess } from "../../support/processes.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { workspace } from "../../support/workspace.ts";

describe("jobs that a gate keeps in Redis", () => {
  it("outlive the gate that accepted them: the next one brings them to the worker that was away", async () => {
    const server = await RedisServer.start(["--appendonly", "yes"]);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const zmq = `tcp://127.0.0.1:${await freePort()}`;
    const folder = await workspace({
      "mail.ts": "export const send = (to: string) => `sent to ${to}`;",
      "gate.config.ts": `
        import { defineConfig } from "unigate";
        import { redisJobs } from "unigate/redis";
        import { zmq } from "unigate/zmq";
        export default defineConfig({
          transports: [zmq({ bind: "${zmq}" })], routes: { "mail.*": {} }, jobs: { store: redisJobs({ url: "${server.url}" }) },
        });`,
    });
    const serve = async (): Promise<GateProcess> => {
      const process = new GateProcess(["serve", "-c", `${folder}/gate.config.ts`]);
      await process.says(/ready in/);
      return process;
    };
    const first = await serve();
    const job = JSON.parse((await gate(["call", "mail.send", "you", "--async", "--gate", zmq])).stdout) as AsyncJobStatus;
    expect(job.state).toBe("waiting");
    first.signal("SIGKILL");
    await first.exit;
    await serve();
    await new GateProcess(["worker", `${folder}/mail.ts`, "--gate", zmq]).says(/serving/);
    let shown: AsyncJobStatus & { result?: unknown } = job;
    await eventuallyTrue("the job is completed", async () => {
      shown = JSON.parse((await gate(["jobs", "show", job.id, "--gate", zmq])).stdout) as AsyncJobStatus;
      return shown.state === "completed";
    });
    expect(shown).toMatchObject({ id: job.id, attempts: 1, result: "sent to you" });
  });

  it("go on at another gate when theirs is killed while they run", { timeout: 60_000 }, async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const folder = await workspace({
      "slow.ts": `export const service = "mail";\nexport const send = () => new Promise(() => {});`,
      "quick.ts": `export const service = "mail";\nexport const send = (to: string) => \`sent to \${to}\`;`,
    });
    const serve = async (name: string): Promise<{ zmq: string; process: GateProcess }> => {
      const zmq = `tcp://127.0.0.1:${await freePort()}`;
      await writeFile(
        `${folder}/${name}.config.ts`,
        `import { redisJobs } from "unigate/redis";\nimport { zmq } from "unigate/zmq";\nexport default {
          transports: [zmq({ bind: "${zmq}" })], routes: { "mail.*": {} }, jobs: { store: redisJobs({ url: "${server.url}" }) } };`,
      );
      const process = new GateProcess(["serve", "-c", `${folder}/${name}.config.ts`]);
      await process.says(/ready in/);
      return { zmq, process };
    };
    const [one, two] = [await serve("one"), await serve("two")];
    await new GateProcess(["worker", `${folder}/slow.ts`, "--gate", one.zmq]).says(/serving/);
    const { id } = JSON.parse((await gate(["call", "mail.send", "you", "--async", "--gate", two.zmq])).stdout) as AsyncJobStatus;
    const show = async (): Promise<AsyncJobStatus> =>
      JSON.parse((await gate(["jobs", "show", id, "--gate", two.zmq])).stdout) as AsyncJobStatus;
    await eventuallyTrue("it runs at the first gate", async () => (await show()).state === "running");
    one.process.signal("SIGKILL");
    await new GateProcess(["worker", `${folder}/quick.ts`, "--gate", two.zmq]).says(/serving/);
    await eventuallyTrue("it is completed at the second", async () => (await show()).state === "completed", 30_000);
    expect(await show()).toMatchObject({ attempts: 2, result: "sent to you" });
  });
});
