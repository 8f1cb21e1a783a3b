import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { gate, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

/** A program that shows what it was given, and does what it is told. */
const probe = `
const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
const streams = new Map();
say({ methods: ["show", "pid", "crash", "twice", "garble", "hang", { name: "endless", stream: true }, "never", "after"] });
console.error("probe has begun");
let written = 0;
const pump = (id) => {
  if (!streams.has(id)) return;
  process.stdout.write(JSON.stringify({ id, chunk: "x".repeat(4096) }) + "\\n", () => { written++; setImmediate(pump, id); });
};
let rest = "";
process.stdin.on("data", (data) => {
  const lines = (rest + data).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, args, cancel, ...more } = JSON.parse(line);
    if (cancel !== undefined) {
      console.error("cancelled: " + cancel);
      if (streams.delete(id)) say({ id, end: true });
    }
    else if (method === "show") say({ id, result: { args, ...more } });
    else if (method === "pid") say({ id, result: process.pid });
    else if (method === "crash") process.exit(3);
    else if (method === "twice") { say({ id, result: 1 }); say({ id, result: 2 }); }
    else if (method === "garble") { process.stdout.write("no JSON\\n"); say({ id: 999, result: 0 }); say({ id, result: "fine" }); }
    else if (method === "hang") console.error("hangs");
    else if (method === "after") setTimeout(() => say({ id, result: "done" }), args[0]);
    else if (method === "endless") { streams.set(id, true); pump(id); }
    else say({ id, error: { code: "aborted", message: "never" } });
    if (method === "show" && args[0] === "written") console.error("written " + written);
  }
});
process.stdin.on("end", () => console.error("input has ended"));
`;

interface World {
  running: RunningGate;
  worker: GateProcess;
  client: ReturnType<typeof connect>;
}

/** A gate, and a worker that runs the probe. */
async function world(options: readonly string[] = []): Promise<World> {
  const folder = await workspace({ "probe.mjs": probe });
  const running = await startGate(folder);
  const worker = new GateProcess([
    "worker",
    "--gate",
    running.zmq,
    ...options,
    "--exec",
    process.execPath,
    "--service",
    "probe",
    `${folder}/probe.mjs`,
  ]);
  await worker.says(/serving probe/);
  const client = connect(running.zmq);
  onTestFinished(() => client.close());
  return { running, worker, client };
}

describe("gate worker --exec", () => {
  it("gives a job with arguments, time left and metadata to the program, and its answer to the caller", async () => {
    const { client, worker } = await world();
    const shown = await client.call<Record<string, unknown>>("probe.show", [1, "two", { three: null }], {
      metadata: { "x-tenant": "acme" },
      timeout: "9s",
    });
    expect(shown).toMatchObject({ args: [1, "two", { three: null }], metadata: { "x-tenant": "acme" } });
    expect(shown["timeLeft"]).toSatisfy((ms: number) => ms > 0 && ms <= 9000);
    await worker.says(/probe has begun/);
    await expect(client.call("probe.never")).rejects.toMatchObject({ code: "aborted", message: "never" });
    expect(worker.stdout).toBe("");
  });

  it("drops a second answer, an answer to nobody and a line that is none, says so, and goes on", async () => {
    const { client, worker } = await world();
    expect(await client.call("probe.twice")).toBe(1);
    await worker.says(/answered job 1, which does not run/);
    expect(await client.call("probe.garble")).toBe("fine");
    await worker.says(/wrote what is no answer: no JSON/);
    expect(await client.call("probe.pid")).toBeTypeOf("number");
  });

  it("fails the running job at once when the program ends, and starts it again", async () => {
    const { client, worker } = await world(["--concurrency", "2"]);
    const pid = await client.call("probe.pid");
    const hanging = client.call("probe.hang");
    const outcome = expect(hanging).rejects.toMatchObject({ code: "unavailable", message: /ended \(exit code 3\) while it ran this job/ });
    await worker.says(/hangs/);
    await expect(client.call("probe.crash")).rejects.toMatchObject({ code: "unavailable" });
    await outcome;
    await worker.says(/ended \(exit code 3\); starting it again in 1 s/);
    await expect(client.call("probe.pid")).rejects.toMatchObject({ message: /has ended and is started again soon/ });
    await eventuallyTrue(
      "it is back",
      async () =>
        await client.call("probe.pid").then(
          (again) => again !== pid,
          () => false,
        ),
    );
  });

  it("tells the program of a cancelled stream, and takes the next job once it has let go", async () => {
    const { client, worker } = await world();
    for await (const chunk of client.call<string>("probe.endless")) {
      expect(chunk).toHaveLength(4096);
      break;
    }
    await worker.says(/cancelled: /);
    expect(await client.call("probe.show", ["next"])).toMatchObject({ args: ["next"] });
  });

  it("kills a program that does not let go of a cancelled job within --grace, and starts it again", async () => {
    const { client, worker } = await world(["--grace", "200ms"]);
    const pid = await client.call("probe.pid");
    await expect(client.call("probe.hang", [], { timeout: "300ms" })).rejects.toMatchObject({ code: "deadline_exceeded" });
    await worker.says(/has not let go of a cancelled job within 0\.2 s; killing it/);
    await eventuallyTrue(
      "it is back",
      async () =>
        await client.call("probe.pid").then(
          (again) => again !== pid,
          () => false,
        ),
    );
  });

  it("makes the program wait while the reader of its stream is behind", async () => {
    const { client, worker } = await world(["--concurrency", "2"]);
    const stream = client.call<string>("probe.endless")[Symbol.asyncIterator]();
    await stream.next();
    const writtenAt = async (): Promise<number> => {
      await client.call("probe.show", ["written"], { timeout: "500ms" }).catch(() => {});
      return Number(
        worker.stderr
          .match(/written \d+/g)
          ?.at(-1)
          ?.slice(8) ?? -1,
      );
    };
    // Everything between the program and the reader is full once two looks see the same number.
    let last = -1;
    await eventuallyTrue("the program waits", async () => {
      const now = await writtenAt();
      const isSame = now >= 0 && now === last;
      last = now;
      return isSame;
    });
    expect(last * 4096).toBeLessThan(16 * 1024 * 1024);
    await stream.return?.();
  });

  it("told to stop, lets the running job finish, ends the program's input, and leaves with 0", async () => {
    const { client, worker } = await world();
    const pid = await client.call<number>("probe.pid");
    const running = client.call("probe.after", [300]);
    await eventuallyTrue("it runs", async () => (await client.call<{ jobs: { open: number } }>("Gate.info")).jobs.open === 1);
    worker.signal("SIGTERM");
    expect(await running).toBe("done");
    expect(await worker.exit).toBe(0);
    expect(worker.stderr).toContain("input has ended");
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("told to stop, kills a program that does not finish within --grace; its job fails at once; no process is left", async () => {
    const { client, worker } = await world(["--grace", "300ms"]);
    const pid = await client.call<number>("probe.pid");
    const hanging = expect(client.call("probe.hang")).rejects.toMatchObject({ code: "unavailable" });
    await worker.says(/hangs/);
    worker.signal("SIGTERM");
    await hanging;
    expect(await worker.exit).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("with --watch starts the program anew when its file changes", async () => {
    const folder = await workspace({ "version.sh": versionScript(1) });
    const running = await startGate(folder);
    const worker = new GateProcess(["worker", "--gate", running.zmq, "--watch", "--exec", "bash", "version.sh"], { cwd: folder });
    await worker.says(/watching version\.sh/);
    const client = connect(running.zmq);
    onTestFinished(() => client.close());
    expect(await client.call("version.get")).toBe(1);
    await writeFile(`${folder}/version.sh`, versionScript(2));
    await eventuallyTrue("the new version serves", async () => (await client.call("version.get")) === 2);
  });

  it.each([
    [["worker"], "FILE is missing"],
    [["worker", "x.ts", "--method", "a"], "--method is of --exec"],
    [["worker", "--exec", "./nowhere"], "there is none of that name"],
    [["worker", "--exec", "./README.md"], "make it executable: chmod +x ./README.md"],
    [["worker", "--exec", "true"], "before it told its methods"],
    [["worker", "--exec", "echo", '{"methods":[]}'], "declares no method"],
    [["worker", "--exec", "cat", "--method", "a", "--service", "no name"], "service name"],
  ])("%j is wrong usage: exit 2 and the reason", async (args, reason) => {
    const { code, stdout, stderr } = await gate(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });
});

const versionScript = (version: number): string => `echo '{"methods":["get"]}'\nwhile read -r job; do echo '{"result":${version}}'; done\n`;

describe("the programs of example 3 do what its README says", () => {
  it.for(["words.py", "disk.sh"])("%s", async (program, { skip }) => {
    for (const needed of program === "disk.sh" ? ["bash", "jq"] : ["python3"])
      skip(spawnSync(needed, ["--version"]).error !== undefined, `${needed} is not installed`);
    const folder = await workspace();
    const running = await startGate(folder);
    const worker = new GateProcess(["worker", "--gate", running.zmq, "--exec", `examples/03-any-program/${program}`]);
    await worker.says(/serving /);
    const readme = await readFile(new URL("../../examples/03-any-program/README.md", import.meta.url), "utf8");
    const calls = [...readme.matchAll(/gate call (\S+) (?:"(.*?)"|'(.*?)'|(\S+)) +# (.*)$/gm)].filter(([, target]) =>
      target?.startsWith(program.slice(0, -3)),
    );
    expect(calls.length).toBeGreaterThan(0);
    for (const [, target = "", double, single, bare, promised = ""] of calls) {
      const { stdout, stderr } = await gate(["call", target, double ?? single ?? bare ?? "", "--gate", running.zmq]);
      if (promised === "one value per line") expect(stdout).toBe('"one"\n"two"\n"three"\n');
      else expect(`${stdout}${stderr}`.trim()).toMatch(new RegExp(`^${promised.replaceAll(/[{}]/g, "\\$&").replace("…", "\\d+")}$`));
    }
  });

  it("over HTTP too", async () => {
    const folder = await workspace();
    const running = await startGate(folder);
    const worker = new GateProcess(["worker", "--gate", running.zmq, "--exec", "examples/03-any-program/words.py"]);
    await worker.says(/serving /);
    const body = JSON.stringify({ text: "one three" });
    const response = await fetch(`${running.http}/longest`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await response.json()).toBe("three");
  });
});
