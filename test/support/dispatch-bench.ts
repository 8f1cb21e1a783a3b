import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { Registry } from "../../src/registry/registry.ts";
import type { Endpoint } from "../../src/registry/endpoint.ts";
import { RouteTable } from "../../src/routing/route-table.ts";
import type { Route } from "../../src/routing/route.ts";
import { roundRobin } from "../../src/strategy/round-robin.ts";
import { Job, type JobControl, type JobInit, type Logger } from "unigate/transport";
import { ManualClock } from "./manual-clock.ts";
import { RecordingSink } from "./recording-sink.ts";
import { ScriptedWorker } from "./scripted-worker.ts";

/** A real dispatcher and registry on a clock that the test moves. */
export class DispatchBench {
  readonly clock = new ManualClock();
  readonly registry = new Registry(this.clock);
  readonly dispatcher: Dispatcher;

  constructor(routes: (Partial<Route> & { pattern: string })[] = [], settleMs = 0, queueBytes = Infinity, logger?: Logger) {
    const table = new RouteTable(
      routes.map((route) => makeRoute(route)),
      makeRoute({ pattern: "*" }),
    );
    const { registry, clock } = this;
    this.dispatcher = new Dispatcher({ registry, routes: table, clock, settleMs, queueBytes, ...(logger === undefined ? {} : { logger }) });
  }

  join(
    id: string,
    options: { methods?: string[]; capacity?: number; version?: string; idempotent?: boolean } = {},
  ): { worker: ScriptedWorker; endpoint: Endpoint } {
    const worker = new ScriptedWorker(id);
    const { methods = ["S.m"], capacity = 1, version, idempotent = false } = options;
    const endpoint = this.registry.join(worker, {
      capacity,
      methods: methods.map((name) => ({ name, idempotent })),
      ...(version === undefined ? {} : { version }),
    });
    return { worker, endpoint };
  }

  /** The worker's process ends: its link fails its jobs, then the registry hears of it. */
  leave({ worker, endpoint }: { worker: ScriptedWorker; endpoint: Endpoint }): void {
    endpoint.setState("down");
    worker.die();
    this.registry.leave(endpoint);
  }

  call(init: Partial<JobInit> = {}): { sink: RecordingSink; control: JobControl; job: Job } {
    const sink = new RecordingSink();
    const job = new Job({ target: "S.m", payload: Buffer.from("x"), contentType: "application/json", ...init });
    return { sink, job, control: this.dispatcher.dispatch(job, sink) };
  }
}

/** A route with the defaults of a config. */
export function makeRoute(route: Partial<Route> & { pattern: string }): Route {
  return {
    strategy: roundRobin(),
    timeoutMs: 60_000,
    hasDefaultTimeout: route.timeoutMs === undefined,
    queue: 100,
    waitForWorkerMs: 2000,
    waitForRoomMs: Infinity,
    retry: { attempts: 3 },
    idempotent: false,
    isPublic: false,
    intake: undefined,
    ...route,
  };
}
