import { GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";
import type { TenantRoom } from "./tenant-room.ts";

/**
 * Lets a job in that came by another door, HTTP say: its metadata has the same token. `call` brings it to its server.
 *
 * It does not wait for a place as calls by gRPC do: it has been given its server, where it would hold up the tenants that a place is kept for.
 */
export function bringTenantJob(room: TenantRoom, job: Job, sink: ReplySink, call: (sink: ReplySink) => JobControl): JobControl {
  let control: JobControl | undefined;
  let isOver = false;
  const fail = (error: GateError): void => {
    isOver = true;
    sink.fail(error);
  };
  if (job.streamsInput) fail(new GateError("unimplemented", `${job.target} is for tenants, who stream to it by gRPC alone`));
  else
    room.ask(job.metadata.get(room.tokenKey), 0, {
      enter(leave) {
        if (isOver) leave();
        else control = call(leavingSink(sink, leave));
      },
      refuse(error) {
        if (!isOver) fail(error);
      },
    });
  return {
    cancel(reason = "the caller cancelled") {
      if (control !== undefined) control.cancel(reason);
      else if (!isOver) fail(new GateError("cancelled", reason));
    },
    resume: () => control?.resume(),
  };
}

/** `leave` is called when the job has ended. */
function leavingSink(sink: ReplySink, leave: () => void): ReplySink {
  return {
    head: (metadata) => sink.head?.(metadata),
    chunk: (payload) => sink.chunk(payload),
    end(payload, trailers) {
      leave();
      sink.end(payload, trailers);
    },
    fail(error, neverStarted) {
      leave();
      sink.fail(error, neverStarted);
    },
  };
}
