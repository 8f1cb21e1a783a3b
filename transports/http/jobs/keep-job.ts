import { GateError, type GateHost, type Intake, type Job, jsonType, Metadata, type StoredJob } from "unigate/transport";
import type { RequestHead } from "../request-job.ts";
import { jobPage } from "./job-page.ts";
import { idempotencyKeyOf, type Preference, senderKeyOf } from "./preference.ts";
import { type KeptSink, showReply } from "./show-reply.ts";

/** A request whose job is to be kept. */
export interface KeepRequest {
  gate: GateHost;
  /** Prefix of the gate's own paths. */
  control: string;
  request: RequestHead;
  job: Job;
  sink: KeptSink;
  intake: Intake | undefined;
}

/** Keeps a job, and answers with its result when that comes in time, else with 202 and where to look for it. */
export function keepJob(keep: KeepRequest, preference: Preference): void {
  void keepAndAnswer(keep, preference).catch((error: unknown) => keep.sink.fail(GateError.from(error, "internal")));
}

async function keepAndAnswer(keep: KeepRequest, { waitMs, applied }: Preference): Promise<void> {
  const { gate, control, request, job, sink, intake } = keep;
  const senderKey = senderKeyOf(job, intake?.webhook);
  const submitted = await gate.jobs.submit(job, {
    idempotencyKey: senderKey ?? idempotencyKeyOf(request),
    trustsKey: senderKey !== undefined,
    orderKey: intake?.orderBy === undefined ? undefined : job.metadata.get(intake.orderBy),
  });
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
