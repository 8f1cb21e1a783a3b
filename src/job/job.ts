import { Metadata } from "./metadata.ts";

/** What a door knows of a job when it comes in. */
export interface JobInit {
  /** `Service.method`. */
  target: string;
  payload: Uint8Array;
  /** Media type of the payload, parameters left out. */
  contentType: string;
  /** Media type in which the caller wants the answer; default: that of the payload. */
  accept?: string;
  /** On the gate's clock, in ms; `Infinity` when the caller named none (the route's timeout then holds). */
  deadline?: number;
  metadata?: Metadata;
  /** The caller allows the job to run more than once. */
  idempotent?: boolean;
  /** More input follows the payload, through `JobControl.input`. */
  streamsInput?: boolean;
  /** Its carrier bounds every pause, and a long transfer is no fault: of routes' timeouts, only one that the config names holds. */
  setsPace?: boolean;
  /** Where the job number counts, e.g. the session: together they name a job that brings no id of its own. */
  origin?: string;
  number?: number;
}

/** One input from any transport on its way to a worker, until it has ended. The gate never decodes its payload. */
export class Job {
  readonly target: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly accept: string;
  /** On the clock of this process, in ms; `Infinity` for none. Crosses a hop as time left. */
  deadline: number;
  /** Plugins may replace it on the way. */
  metadata: Metadata;
  /** Its caller or its route allows it to run more than once; a method may too, of itself. */
  idempotent: boolean;
  readonly streamsInput: boolean;
  /** Only a timeout that its route names bounds its whole life. */
  readonly setsPace: boolean;
  readonly #origin: string;
  readonly #number: number;

  constructor(init: JobInit) {
    this.target = init.target;
    this.payload = init.payload;
    this.contentType = init.contentType;
    this.accept = init.accept ?? init.contentType;
    this.deadline = init.deadline ?? Infinity;
    this.metadata = init.metadata ?? Metadata.empty;
    this.idempotent = init.idempotent ?? false;
    this.streamsInput = init.streamsInput ?? false;
    this.setsPace = init.setsPace ?? false;
    this.#origin = init.origin ?? "job";
    this.#number = init.number ?? 0;
  }

  /** Names the job in logs and replies: the caller's `x-request-id`, or a name made of session and number. */
  get id(): string {
    return this.metadata.get("x-request-id") ?? `${this.#origin}-${this.#number.toString(36)}`;
  }
}

/** The service part of a target: everything before the last dot. */
export function serviceOf(target: string): string {
  const dot = target.lastIndexOf(".");
  return dot < 0 ? "" : target.slice(0, dot);
}

/** The method part of a target: everything after the last dot. */
export function methodOf(target: string): string {
  return target.slice(target.lastIndexOf(".") + 1);
}
