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
});
