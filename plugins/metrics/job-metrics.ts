import { Counter, Histogram, type Registry } from "prom-client";
import type { Clock, PluginRun } from "unigate/transport";
import type { LabelBound } from "./label-bound.ts";
import type { MetricsSettings } from "./options.ts";

/** The metrics of one route, at hand without a look-up by labels. */
interface RouteSeries {
  route: string;
  durations: Histogram.Internal<"route">;
  /** By code. */
  jobs: Map<string, Counter.Internal>;
}

/** The label of jobs whose target nobody knows: their names are the callers' choice. */
const unknownRoute = "unknown";

/** Counts jobs and their durations as they end. */
export class JobMetrics {
  readonly #clock: Clock;
  readonly #isByTarget: boolean;
  readonly #routes: LabelBound;
  readonly #jobs: Counter<"route" | "code">;
  readonly #durations: Histogram<"route">;
  readonly #series = new Map<string, RouteSeries>();
  /** Jobs that count as `other`. */
  overflows = 0;

  constructor(registry: Registry, options: { settings: MetricsSettings; routes: LabelBound; clock: Clock }) {
    const { settings, routes, clock } = options;
    this.#clock = clock;
    this.#isByTarget = settings.isByTarget;
    this.#routes = routes;
    this.#jobs = new Counter({
      name: "gate_jobs_total",
      help: 'Jobs that have ended, by how: "ok", or the code of the error that the caller heard.',
      labelNames: ["route", "code"],
      registers: [registry],
    });
    this.#durations = new Histogram({
      name: "gate_job_duration_seconds",
      help: "How long callers waited, from the acceptance of a job to its end, the wait for a worker included.",
      labelNames: ["route"],
      buckets: [...settings.buckets],
      registers: [registry],
    });
  }

  settled(run: PluginRun): void {
    const route = (this.#isByTarget && run.route !== undefined ? run.job.target : run.route) ?? unknownRoute;
    const series = this.#seriesOf(this.#routes.of(route));
    if (this.#routes.isBeyond(route)) this.overflows++;
    series.durations.observe((this.#clock.now() - run.acceptedAt) / 1000);
    const code = run.error?.code ?? "ok";
    const jobs = series.jobs.get(code) ?? this.#jobsOf(series, code);
    jobs.inc();
  }

  #seriesOf(route: string): RouteSeries {
    let series = this.#series.get(route);
    if (series === undefined) {
      series = { route, durations: this.#durations.labels(route), jobs: new Map() };
      this.#series.set(route, series);
    }
    return series;
  }

  #jobsOf(series: RouteSeries, code: string): Counter.Internal {
    const jobs = this.#jobs.labels(series.route, code);
    series.jobs.set(code, jobs);
    return jobs;
  }
}
