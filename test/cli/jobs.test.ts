import type { AsyncJobStatus } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { gate, GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { defineService, GateError } from "unigate/worker";
let isBroken = true;
export default defineService("t", {
  echo: (...args: unknown[]) => args,
  mend: () => { isBroken = false; },
  fragile: (word: string) => {
    if (isBroken) throw new GateError("invalid_argument", "not like this");
    return word;
  },
});
`;

type Shown = AsyncJobStatus & { result?: unknown };

interface World {
  run: (...args: string[]) => ReturnType<typeof gate>;
  json: (...args: string[]) => Promise<Shown & Shown[]>;
  submit: (...args: string[]) => Promise<Shown>;
  show: (id: string) => Promise<Shown>;
  ended: (id: string) => Promise<Shown>;
  serve: () => Promise<GateProcess>;
}

/** A gate, and a way to ask it; no worker yet. */
async function world(): Promise<World> {
  const folder = await workspace({ "t.ts": handlers });
  const { zmq } = await startGate(folder, 'routes: { "t.*": {} }, settle: 0');
  const run: World["run"] = (...args) => gate([...args, "--gate", zmq]);
  const json: World["json"] = async (...args) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout) as Shown & Shown[];
  };
  const show: World["show"] = (id) => json("jobs", "show", id);
  return {
    run,
    json,
    submit: (...args) => json("call", ...args, "--async"),
    show,
    ended: async (id) => {
      let job = await show(id);
      await eventuallyTrue(`job ${id} has ended`, async () => !["waiting", "running"].includes((job = await show(id)).state));
      return job;
    },
    serve: async () => {
      const worker = new GateProcess(["worker", `${folder}/t.ts`, "--gate", zmq]);
      await worker.says(/serving/);
      return worker;
    },
  };
}

describe("gate call --async and gate jobs", () => {
  it("submit a job while no worker is up, list it, and show its result later", async () => {
    const { submit, json, run, ended, serve } = await world();
    const job = await submit("t.echo", "1", "two", "--idempotency-key", "k");
    expect(job).toMatchObject({ target: "t.echo", state: "waiting", attempts: 0, isNew: true });
    expect(await submit("t.echo", "1", "two", "--idempotency-key", "k")).toMatchObject({ id: job.id, isNew: false });
    expect(await json("jobs", "list", "--state", "waiting")).toMatchObject([{ id: job.id }]);
    expect(await json("jobs", "list", "--target", "t.other")).toEqual([]);
    await serve();
    expect(await ended(job.id)).toMatchObject({ state: "completed", result: [1, "two"] });
    expect(await run("jobs", "show", "nope")).toMatchObject({ code: 1, stderr: expect.stringContaining('no job "nope"') });
  });

  it("cancel a job that waits, and let it wait again", async () => {
    const { submit, json, ended, serve } = await world();
    const { id } = await submit("t.echo", "1");
    expect(await json("jobs", "cancel", id)).toMatchObject([{ id, state: "cancelled" }]);
    expect(await json("jobs", "retry", id)).toMatchObject([{ id, state: "waiting" }]);
    await serve();
    expect(await ended(id)).toMatchObject({ state: "completed", result: [1] });
  });

  it("list dead jobs with their reason, retry all of them, and replay one as a new job", async () => {
    const { submit, json, run, ended, serve } = await world();
    await serve();
    const [one, two] = [await submit("t.fragile", "a"), await submit("t.fragile", "b")];
    for (const { id } of [one, two]) expect(await ended(id)).toMatchObject({ state: "dead", error: { message: "not like this" } });
    expect((await json("jobs", "dead")).map(({ id }) => id)).toEqual([two.id, one.id]);
    await run("call", "t.mend");
    const retried = await json("jobs", "retry", "--state", "dead", "--target", "t.fragile");
    expect(retried.map(({ id }) => id)).toEqual([one.id, two.id]);
    expect(await ended(two.id)).toMatchObject({ state: "completed", result: "b" });
    const [again] = await json("jobs", "replay", two.id);
    expect(again?.id).not.toBe(two.id);
    expect(await ended(again?.id as string)).toMatchObject({ state: "completed", result: "b" });
  });

  it("say what is missing: an id, a choice, a state that is one", async () => {
    const { run } = await world();
    expect(await run("jobs", "show")).toMatchObject({ code: 2, stderr: expect.stringContaining("wants the id of a job") });
    expect(await run("jobs", "retry")).toMatchObject({ code: 2, stderr: expect.stringContaining("--state") });
    expect(await run("jobs", "list", "--state", "asleep")).toMatchObject({ code: 1, stderr: expect.stringContaining("waiting, running") });
    expect(await run("call", "nobody.knows", "--async")).toMatchObject({ code: 1, stderr: expect.stringContaining("not_found") });
  });
});
