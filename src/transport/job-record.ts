import { Job } from "../job/job.ts";
import { bytesType, contentTypeCode, contentTypeOf } from "../protocol/content-type.ts";
import type { FrameWriter } from "../protocol/frame-writer.ts";
import type { RecordView } from "../protocol/frame-reader.ts";
import { Flag, RecordType } from "../protocol/record.ts";

const maxTimeLeftMs = 0xffff_ffff;

/** Writes a job under its session's job and route number. The deadline leaves as time left. */
export function writeJob(writer: FrameWriter, job: Job, number: number, route: number, now: number): void {
  const contentType = contentTypeCode(job.contentType);
  const accept = contentTypeCode(job.accept);
  const left = job.deadline === Infinity ? 0 : Math.max(1, Math.min(maxTimeLeftMs, Math.floor(job.deadline - now)));
  const flags = (job.streamsInput ? Flag.input : 0) | (job.idempotent ? Flag.idempotent : 0);
  let metadata = job.metadata;
  if (contentType === 0) metadata = metadata.with({ ":content-type": job.contentType }, true);
  if (accept === 0) metadata = metadata.with({ ":accept": job.accept }, true);
  writer.message(RecordType.job, flags, contentType, accept, number, left, route, job.payload, metadata);
}

/** Rebuilds the job of a record; its payload is a view into the frame. */
export function readJob(record: RecordView, target: string, session: string, now: number): Job {
  const contentType = contentTypeOf(record.contentType) || record.metadata.get(":content-type") || bytesType;
  return new Job({
    target,
    payload: record.payload,
    contentType,
    accept: contentTypeOf(record.accept) || record.metadata.get(":accept") || contentType,
    deadline: record.value === 0 ? Infinity : now + record.value,
    metadata: record.metadata,
    idempotent: record.has(Flag.idempotent),
    streamsInput: record.has(Flag.input),
    origin: session,
    number: record.job,
  });
}
