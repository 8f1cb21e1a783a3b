import { GateError, type GateHost, type Job, jsonType, Metadata, type StoredJob } from "unigate/transport";
import type { RequestHead } from "../request-job.ts";
import { jobPage } from "./job-page.ts";
import { idempotencyKeyOf, type Preference, preferenceOf } from "./preference.ts";
import { type KeptSink, showReply } from "./show-reply.ts";

/** A request whose job may be one to keep. */
export interface KeepRequest {
  gate: GateHost;
  /** Prefix of the gate's own paths. */
  control: string;
  request: RequestHead;
  job: Job;
  sink: KeptSink;
  /** It came through a bound route, whose query is its worker's. */
  isBound: boolean;
}

/** Keeps the job of a caller that does not want to wait for it; false, and nothing happens, for any other. */
export function keepsJob(keep: KeepRequest): boolean {
  const preference = preferenceOf(keep.request, !keep.isBound);
  if (preference === undefined) return false;
  void keepJob(keep, preference).catch((error: unknown) => keep.sink.fail(GateError.from(error, "internal")));
  return true;
}

/** Answers with the result when it comes in time, else with 202 and where to look for it. */
async function keepJob({ gate, control, request, job, sink }: KeepRequest, { waitMs, applied }: Preference): Promise<void> {
  const submitted = await gate.jobs.submit(job, { idempotencyKey: idempotencyKeyOf(request) });
  const kept = waitMs > 0 ? await gate.jobs.whenEnded(submitted.job.id, waitMs) : submitted.job;
  const head = Metadata.from({ "x-job-id": kept.id, ...(applied === undefined ? {} : { "preference-applied": applied }) });
  const isOver = kept.state !== "waiting" && kept.state !== "running";
  if (waitMs > 0 && isOver) showReply(kept, sink, head);
  else showAccepted(kept, control, sink, head);
}

/** 202: the job is kept, and `Location` tells where it can be watched. */
function showAccepted(kept: StoredJob, control: string, sink: KeptSink, head: Metadata): void {
  const location = `${control}/jobs/${kept.id}`;
  sink.head?.(head.with({ ":status": "202", "content-type": jsonType, location, "retry-after": "1" }));
  sink.end(Buffer.from(jobPage(kept)));
}
