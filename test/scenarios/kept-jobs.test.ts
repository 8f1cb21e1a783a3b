import { readFile } from "node:fs/promises";
import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import { redisJobs } from "unigate/redis";
import { zmq } from "unigate/zmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, GateProcess } from "../support/processes.ts";
import { RedisServer } from "../support/redis-server.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { appendFileSync } from "node:fs";
export async function send(word: string) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  appendFileSync(new URL("done.txt", import.meta.url), word + "\\n");
  return word;
}
`;
const jobs = 300;

describe("jobs that were accepted", () => {
  it("are all done, though Redis is killed while they come in and a worker is killed while they run", { timeout: 120_000 }, async () => {
    const server = await RedisServer.start(["--appendonly", "yes"]);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const bind = `tcp://127.0.0.1:${await freePort()}`;
    const gate = createGate({
      transports: [http({ port: 0 }), zmq({ bind })],
      routes: { "mail.*": {} },
      jobs: { store: redisJobs({ url: server.url }), retryDelay: 50 },
    });
    await gate.start();
    onTestFinished(() => gate.close());
    const { url } = gate.addresses[0]!;
    const folder = await workspace({ "mail.ts": handlers, "done.txt": "" });
    const work = async (): Promise<GateProcess> => {
      const worker = new GateProcess(["worker", `${folder}/mail.ts`, "--gate", bind, "--concurrency", "4"]);
      await worker.says(/serving/);
      return worker;
    };
    const first = await work();

    const accepted: string[] = [];
    const refusals = new Set<number>();
    let at = 0;
    const submitSome = async (): Promise<void> => {
      while (at < jobs) {
        const word = `w${at++}`;
        const body = JSON.stringify([word]);
        const headers = { "content-type": "application/json", "idempotency-key": word };
        const response = await fetch(`${url}/call/mail.send?mode=async`, { method: "POST", headers, body });
        if (response.status === 202) accepted.push(response.headers.get("location") as string);
        else refusals.add(response.status);
        await response.arrayBuffer();
        // Those that are refused while Redis is away leave some for afterwards.
        if (response.status !== 202) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const submitting = Promise.all([submitSome(), submitSome(), submitSome(), submitSome()]);
    await eventuallyTrue("some were accepted", () => accepted.length >= 50);
    await server.kill();
    await eventuallyTrue("some were refused", () => refusals.size > 0);
    await server.run();
    first.signal("SIGKILL");
    await submitting;
    await work();

    expect([...refusals]).toEqual([503]);
    expect(accepted.length).toBeGreaterThan(100);
    const done = new Set<string>();
    await eventuallyTrue(
      "every accepted job is completed",
      async () => {
        for (const location of accepted) {
          if (done.has(location)) continue;
          const job = (await (await fetch(url + location)).json()) as { state: string; result: string };
          if (job.state === "completed") done.add(location);
          expect(job.state).not.toBe("dead");
        }
        return done.size === accepted.length;
      },
      90_000,
    );
    const words = new Set((await readFile(`${folder}/done.txt`, "utf8")).trim().split("\n"));
    expect(words.size).toBeGreaterThanOrEqual(accepted.length);
  });
});
