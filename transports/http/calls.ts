import type { IncomingMessage } from "node:http";
import type { GateHost, MethodInfo } from "unigate/transport";
import { Bindings, type Match } from "./bindings.ts";
import { checkSignature } from "./jobs/check-signature.ts";
import { takeIn } from "./jobs/take-in.ts";
import { HttpReply, type ReplyTarget } from "./http-reply.ts";
import { refuseLoop, viaOf } from "./loop.ts";
import { type JobRequest, type RequestHead, toJob, wantsEvents } from "./request-job.ts";
import { admit } from "./request-key.ts";

/** What a request asks for: a method, and the bound route that led there. */
export type Call = Omit<JobRequest, "request" | "now" | "keyHeader">;

/** The jobs of HTTP requests, however those come in: what is bound, who may call, and where the reply goes. */
export class HttpCalls {
  /** The name of the gate in `Via`. */
  readonly via: string;
  readonly #gate: GateHost;
  readonly #control: string;
  readonly #bindings: Bindings;
  readonly #isDraining: () => boolean;
  #isStale = true;

  /** `isDraining` tells whether connections end with their next reply. */
  constructor(gate: GateHost, control: string, isDraining: () => boolean) {
    this.#gate = gate;
    this.#isDraining = isDraining;
    this.#control = control;
    this.#bindings = new Bindings(control, gate);
    this.via = viaOf(gate.status.info().id);
    gate.onMethodsChanged(() => (this.#isStale = true));
  }

  /** The bound routes as of now: built anew on the first use after a change, not on each of a thousand changes. */
  get bindings(): Bindings {
    if (!this.#isStale) return this.#bindings;
    this.#isStale = false;
    for (const refusal of this.#bindings.replace(this.#gate.methods()))
      this.#gate.logger.warn("http binding left out", { reason: refusal });
    return this.#bindings;
  }

  /** The bound route that a request matches. */
  find({ method, url }: Pick<IncomingMessage, "method" | "url">): Match | undefined {
    return this.bindings.find(method ?? "GET", url ?? "/");
  }

  refusal(method: MethodInfo): string | undefined {
    return this.bindings.refusal(method);
  }

  /** Calls what a request asks for; its reply is written to `response`. Throws, and writes nothing, for a request that is refused. */
  call(request: RequestHead, response: ReplyTarget, call: Call): void {
    refuseLoop(request, this.via);
    const gate = this.#gate;
    const intake = gate.intake(call.target);
    // A sender of webhooks has no key of the gate: its signature lets it in.
    if (intake?.webhook !== undefined) checkSignature(intake.webhook, request, call.body, gate.clock.date());
    const keyHeader = intake?.webhook === undefined ? admit(gate, request, call.target) : undefined;
    const job = toJob({ request, now: gate.clock.now(), keyHeader, ...call });
    const sink = new HttpReply({
      response,
      requestId: job.id,
      isHead: request.method === "HEAD",
      accept: job.accept,
      wantsEvents: wantsEvents(request),
      clock: gate.clock,
      isDraining: this.#isDraining,
    });
    takeIn({ gate, control: this.#control, request, job, sink, intake, isBound: call.bound !== undefined });
  }
}
