import { parseDuration } from "../config/duration.ts";
import { GateError } from "../error/gate-error.ts";
import { Job } from "../job/job.ts";
import { Metadata, type MetadataInit } from "../job/metadata.ts";
import type { AsyncJobs } from "../jobs/async-jobs.ts";
import type { JobQuery } from "../jobs/job-store.ts";
import { type AsyncJobStatus, statusOf } from "../jobs/job-status.ts";
import { type AsyncJobState, asyncJobStates, type StoredReply } from "../jobs/stored-job.ts";
import type { Clock } from "../observe/clock.ts";
import { jsonType } from "../protocol/content-type.ts";
import { decodePayload, encodePayload } from "../protocol/payload.ts";

const mostListed = 1000;
const mostNamed = 100;

/** Jobs of the gate's own service: submitting needs no more than calling, all else steers the gate. */
export type JobMethods = Readonly<Record<string, (args: readonly unknown[]) => Promise<unknown>>>;

/** `Gate.submit`, `Gate.jobs` and the rest. */
export function createJobMethods(jobs: AsyncJobs, clock: Clock): JobMethods {
  async function submit([target, args, options]: readonly unknown[]): Promise<AsyncJobStatus & { isNew: boolean }> {
    const { idempotencyKey, orderKey, delay, timeout, headers } = isObject(options) ? options : {};
    const timeoutMs = timeout === undefined ? undefined : lengthOf("timeout", timeout);
    const job = new Job({
      target: textOf("submit", "a target", target),
      // Whoever looks at the job later can read it.
      payload: encodePayload(Array.isArray(args) ? args : args === undefined ? [] : [args], jsonType),
      contentType: jsonType,
      deadline: timeoutMs === undefined ? Infinity : clock.now() + timeoutMs,
      metadata: isObject(headers) ? Metadata.from(headers as MetadataInit) : Metadata.empty,
    });
    const submitted = await jobs.submit(job, {
      idempotencyKey: optionalText("idempotencyKey", idempotencyKey),
      orderKey: optionalText("orderKey", orderKey),
      delayMs: delay === undefined ? 0 : lengthOf("delay", delay),
    });
    return { ...statusOf(submitted.job), isNew: submitted.isNew };
  }

  async function list([query]: readonly unknown[]): Promise<{ counts: Record<AsyncJobState, number>; jobs: AsyncJobStatus[] }> {
    const [counts, listed] = await Promise.all([jobs.store.counts(), jobs.store.list(queryOf(query))]);
    return { counts, jobs: listed.map(statusOf) };
  }

  async function show([id]: readonly unknown[]): Promise<AsyncJobStatus & { result?: unknown }> {
    const job = await jobs.get(textOf("job", "the id of a job", id));
    return { ...statusOf(job), ...(job.reply === undefined ? {} : { result: resultOf(job.reply, job.accept) }) };
  }

  async function replay([which]: readonly unknown[]): Promise<AsyncJobStatus[]> {
    const ids = Array.isArray(which)
      ? which.map((id) => textOf("replayJobs", "ids", id))
      : // The oldest first, as they came.
        (await jobs.store.list(queryOf(which, mostListed))).map(({ id }) => id).toReversed();
    const again: AsyncJobStatus[] = [];
    for (const id of ids) again.push(statusOf(await jobs.replay(id)));
    return again;
  }

  return {
    submit,
    jobs: list,
    job: show,
    cancelJob: async ([id]) => statusOf(await jobs.cancel(textOf("cancelJob", "the id of a job", id))),
    retryJob: async ([id]) => statusOf(await jobs.retry(textOf("retryJob", "the id of a job", id))),
    replayJobs: replay,
  };
}

/** A stream as the list of its values. */
function resultOf({ head, chunks, payload }: StoredReply, accept: string): unknown {
  const type = Metadata.fromFlat(head).get("content-type") ?? accept;
  if (chunks !== undefined) return chunks.map((chunk) => decodePayload(chunk, type));
  return payload === undefined ? undefined : decodePayload(payload, type);
}

function queryOf(query: unknown, fallbackLimit = mostNamed): JobQuery {
  const { state, target, limit = fallbackLimit, after } = isObject(query) ? query : {};
  if (state !== undefined && !asyncJobStates.includes(state as AsyncJobState))
    throw new GateError("invalid_argument", `${JSON.stringify(state)} is no state of a job; known are ${asyncJobStates.join(", ")}`);
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > mostListed)
    throw new GateError("invalid_argument", `limit is not a whole number from 1 to ${mostListed}`);
  return {
    limit,
    ...(state === undefined ? {} : { state: state as AsyncJobState }),
    ...(typeof target === "string" ? { target } : {}),
    ...(typeof after === "string" ? { after } : {}),
  };
}

function textOf(method: string, what: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new GateError("invalid_argument", `Gate.${method} wants ${what}`);
}

function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new GateError("invalid_argument", `${name} is not a text`);
}

function lengthOf(name: string, value: unknown): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new GateError("invalid_argument", `${name} is not a duration; write one such as "30s"`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
