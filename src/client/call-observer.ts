import type { GateError } from "../error/gate-error.ts";
import type { Metadata } from "../job/metadata.ts";

/** Looks on while a client calls; must not throw. `unigate/plugins/tracing` has one. */
export interface CallObserver {
  /** A call is about to be sent. It goes with the metadata that this gives back, also when it is sent again. */
  begin(call: { readonly target: string; readonly metadata: Metadata }): CallObservation;
}

/** One call as its observer sees it. */
export interface CallObservation {
  readonly metadata: Metadata;
  /** The call has ended, once; without an error when it has its whole reply. */
  ended(error: GateError | undefined): void;
}
