import type { AsyncJobStatus, Explanation, JobExplanation } from "unigate/transport";
import type { Output } from "../output.ts";
import { candidateRows } from "./explain-target.ts";
import { seconds } from "./explain-worker.ts";

/** Prints where a job under way is, and what it waits for. `whole` is how its target stands for its version. */
export function explainJob(output: Output, job: JobExplanation, whole: Explanation): void {
  const { id, target, route, state, worker, attempts, ageMs, leftMs, ahead, version } = job;
  const isWaiting = state === "waiting";
  const rows = [
    ["job", id],
    ["target", target],
    ["route", route ?? "(none yet: the gate has just started, and no worker serves the target)"],
    ["state", isWaiting ? `waiting, ${ahead} ${ahead === 1 ? "job" : "jobs"} before it` : `running on ${worker}`],
    ["age", seconds(ageMs)],
    ["deadline", leftMs === undefined ? "none" : `in ${seconds(leftMs)}`],
    ...(attempts > 1 || (isWaiting && attempts > 0) ? [["placed", `${attempts} times, last on ${worker}`]] : []),
    ...(version == null ? [] : [["version", `wants ${version}`]]),
    ...(isWaiting ? candidateRows(whole) : []),
  ];
  output.table(["WHAT", "ANSWER"], rows, isWaiting ? { ...job, candidates: whole.candidates } : job);
}

/** Prints what has become of a job that the gate keeps for a caller who does not wait. */
export function explainKeptJob(output: Output, job: AsyncJobStatus): void {
  const rows = Object.entries(job)
    .filter(([, value]) => value != null)
    .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value]);
  output.table(["WHAT", "ANSWER"], rows, job);
}
