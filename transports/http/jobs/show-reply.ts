import { GateError, type JobControl, Metadata, type ReplySink, type StoredJob } from "unigate/transport";

const nothing = (): void => {};

/** A sink that can be told who answered. */
export interface KeptSink extends ReplySink {
  controlledBy(control: JobControl): void;
}

/** Gives a caller what came of a job, as if it had been there: its value, its stream, or its error. `more` joins the head. */
export function showReply({ reply, error }: StoredJob, sink: KeptSink, more: Metadata = Metadata.empty): void {
  sink.controlledBy({ worker: reply?.worker, cancel: nothing, resume: nothing });
  if (reply === undefined) return sink.fail(GateError.fromWire(error));
  sink.head?.(Metadata.fromFlat([...reply.head, ...more.flat]));
  for (const chunk of reply.chunks ?? []) sink.chunk(chunk);
  sink.end(reply.payload);
}
