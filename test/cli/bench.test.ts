import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { gate, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
import { GateError } from "unigate/worker";
let now = 0;
let highest = 0;
let turn = 0;
export const service = "t";
export const echo = (value: unknown) => value;
export const most = () => highest;
export const counted = async () => { highest = Math.max(highest, ++now); await sleep(1); now--; };
export async function* three() { yield 1; yield 2; yield 3; }
export const half = () => { if (turn++ % 2 === 0) throw new GateError("aborted", "it is odd"); };
export const never = () => { throw new GateError("aborted", "it never works"); };
`;

async function world(): Promise<RunningGate & { folder: string }> {
  const folder = await workspace({ "t.ts": handlers });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", `${folder}/t.ts`, "--gate", running.zmq]);
  await worker.says(/serving/);
  return { ...running, folder };
}

interface Result {
  calls: number;
  succeeded: number;
  failed: number;
  unfinished: number;
  values?: number;
  errors: Record<string, number>;
  latency: { mean: number; max: number; percentiles: Record<string, number>; buckets: { below: number; calls: number }[] };
}

describe("gate bench", () => {
  it("keeps as many calls under way as were asked for, and tells what came of each, in figures that agree", async () => {
    const { zmq } = await world();
    const { code, stdout, stderr } = await gate(["bench", "t.counted", "-c", "20", "-d", "500ms", "--gate", zmq]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { calls, succeeded, failed, unfinished, latency, errors } = JSON.parse(stdout) as Result;
    expect({ failed, unfinished, errors }).toEqual({ failed: 0, unfinished: 20, errors: {} });
    expect(calls).toBe(succeeded);
    expect(calls).toBeGreaterThan(20);
    const rising = [...["50", "75", "90", "95", "99", "99.9"].map((p) => latency.percentiles[p] as number), latency.max];
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    expect(latency.percentiles["50"]).toBeGreaterThanOrEqual(1);
    expect(latency.buckets.reduce((sum, bucket) => sum + bucket.calls, 0)).toBe(succeeded);
    const client = connect(zmq);
    onTestFinished(() => client.close());
    expect(await client.call("t.most")).toBe(20);
  });

  it("counts failures by code, and the values of streams", async () => {
    const { zmq } = await world();
    const failing = JSON.parse((await gate(["bench", "t.half", "-c", "4", "-d", "300ms", "--gate", zmq])).stdout) as Result;
    expect(failing.errors).toEqual({ aborted: failing.failed });
    expect(failing.calls).toBe(failing.succeeded + failing.failed);
    expect(Math.abs(failing.succeeded - failing.failed)).toBeLessThan(10);
    const streaming = JSON.parse((await gate(["bench", "t.three", "-c", "4", "-d", "300ms", "--gate", zmq])).stdout) as Result;
    expect(streaming.values).toBe(3 * streaming.succeeded);
  });

  it("exits with 1 when nothing came through: every call failed, or the target is unknown", async () => {
    const { zmq } = await world();
    const failed = await gate(["bench", "t.never", "-d", "200ms", "--gate", zmq]);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ succeeded: 0, latency: { max: 0, buckets: [] } });
    const unknown = await gate(["bench", "t.ehco", "--gate", zmq]);
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toMatch(/^not_found: .*did you mean t\.echo\?/);
  });

  it("on Ctrl-C prints what it has found so far, cancels what is under way, and exits with 130", async () => {
    const { zmq } = await world();
    const bench = new GateProcess(["bench", "t.counted", "-d", "1h", "--gate", zmq]);
    const client = connect(zmq);
    onTestFinished(() => client.close());
    await expect.poll(() => client.call("t.most"), { timeout: 10_000 }).toBe(64);
    bench.signal("SIGINT");
    expect(await bench.exit).toBe(130);
    expect((JSON.parse(bench.stdout) as Result).calls).toBeGreaterThan(0);
  });

  it.each([
    [["bench"], "TARGET is missing"],
    [["bench", "t.echo", "-c", "0"], "whole number from 1"],
    [["bench", "t.echo", "-d", "long"], '--duration "long" is not a duration'],
  ])("%j is wrong usage", async (args, reason) => {
    const { code, stderr } = await gate(args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe.skipIf(missing !== undefined)(`gate bench in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("shows how far it is in one line, which gives way to the report", async () => {
    const { zmq, folder } = await world();
    const terminal = new Terminal(`bench t.half -c 4 -d 2s --gate ${zmq}`, { cwd: folder, columns: 100, rows: 40 });
    await terminal.shows(/\d\.\d of 2\.0 s: \S+\/s, p99 [\d.]+ [mµ]?s, \d+ failed/);
    await terminal.shows(/exit code 0/);
    expect(terminal.screen).not.toMatch(/ of 2\.0 s:/);
    expect(terminal.screen).toMatch(/t\.half at tcp:\S+: 4 in flight for 2\.0 s/);
    expect(terminal.screen).toMatch(/failed {3}[\d,]+ \(5\d\.\d %\)|failed {3}[\d,]+ \(49\.\d %\)/);
    expect(terminal.screen).toMatch(/aborted {2}[\d,]+ {2}it is odd/);
    expect(terminal.screen).toMatch(/p50 +p75 +p90 +p95 +p99 +p99\.9 +max +mean/);
    expect(terminal.screen).toMatch(/< .* µs {2}━+ .* %/);
  });
});
