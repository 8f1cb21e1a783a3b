import { type EndpointLink, GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";

/** One job as it reached a worker. */
export interface SentJob {
  job: Job;
  sink: ReplySink;
  isCancelled: boolean;
  isOver: boolean;
  input: string[];
  hasInputEnded: boolean;
}

/** A worker behind a real endpoint, whose every answer is given by the test. */
export class ScriptedWorker implements EndpointLink {
  readonly id: string;
  readonly incarnation = "1";
  readonly transport = "test";
  readonly address = "test";
  readonly sent: SentJob[] = [];
  /** Answers inside `send`, before it returns. */
  answersAtOnce = false;
  /** Refuses inside `send`, before it returns. */
  refusal: GateError | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get open(): SentJob[] {
    return this.sent.filter((one) => !one.isOver);
  }

  send(job: Job, sink: ReplySink): JobControl {
    const sent: SentJob = { job, sink, isCancelled: false, isOver: false, input: [], hasInputEnded: false };
    this.sent.push(sent);
    if (this.answersAtOnce) this.end(sent, "at once");
    if (this.refusal !== undefined) this.fail(sent, this.refusal, true);
    return {
      cancel: () => {
        sent.isCancelled = true;
      },
      resume: () => {},
      input: (payload) => {
        sent.input.push(Buffer.from(payload).toString());
        return true;
      },
      endInput: () => {
        sent.hasInputEnded = true;
      },
    };
  }

  end(sent: SentJob, value = "done"): void {
    if (sent.isOver) return;
    sent.isOver = true;
    sent.sink.end(Buffer.from(value));
  }

  fail(sent: SentJob, error: GateError, neverStarted = false): void {
    if (sent.isOver) return;
    sent.isOver = true;
    sent.sink.fail(error, neverStarted);
  }

  /** Its process is gone. */
  die(): void {
    for (const sent of this.open) this.fail(sent, new GateError("unavailable", `${this.id} died`));
  }
}
