import { Counter, type Registry } from "prom-client";
import type { PluginHost } from "unigate/transport";
import { EventLoopLag } from "./event-loop-lag.ts";
import { type AddGauge, gaugesOf } from "./gauges.ts";
import type { JobMetrics } from "./job-metrics.ts";
import { addKeptJobMetrics } from "./kept-job-metrics.ts";
import type { LabelBound } from "./label-bound.ts";
import type { MetricsSettings } from "./options.ts";
import { addPoolMetrics } from "./pool-metrics.ts";

/** What the gate's own state is read of when someone asks for the page: nothing here costs a job anything. */
interface Source {
  gate: PluginHost;
  settings: MetricsSettings;
  routes: LabelBound;
  jobs: JobMetrics;
}

/** Adds what a gate is at the moment: its queues, endpoints, links and its process. Returns how to stop. */
export function addGateMetrics(registry: Registry, source: Source): () => void {
  const { gate, jobs } = source;
  const registers = [registry];
  const gauge = gaugesOf(registry);
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (counter: Counter<Label>) => void,
  ): void => {
    const made: Counter<Label> = new Counter({ name, help, labelNames, registers, collect: () => (made.reset(), read(made)) });
  };

  const { version, process: host } = gate.status.info();
  gauge("gate_build_info", "Always 1; what runs.", ["version", "node"], (it) => it.set({ version, node: host.node }, 1));
  counter("gate_label_overflow_total", "Jobs whose route is beyond maxRoutes: they count as other.", [], (it) => it.inc(jobs.overflows));
  addQueueMetrics(source, gauge);
  addKeptJobMetrics(gauge, gate);
  addPoolMetrics(gauge, gate, source.settings.maxRoutes);
  gauge("gate_endpoints", "Workers by the transport that they came over, and by state.", ["transport", "state"], (it) => {
    for (const { transport, state } of gate.status.workers()) it.inc({ transport, state });
  });
  counter("gate_heartbeats_missed_total", "Heartbeats that a client or worker left unanswered.", ["transport"], (it) => {
    for (const [transport, { missedBeats }] of gate.traffic) it.inc({ transport }, missedBeats);
  });
  counter("gate_frames_total", "Frames on links, seen from the gate.", ["transport", "direction"], (it) => {
    for (const [transport, { framesIn, framesOut }] of gate.traffic) {
      it.inc({ transport, direction: "in" }, framesIn);
      it.inc({ transport, direction: "out" }, framesOut);
    }
  });
  counter("gate_frame_bytes_total", "Bytes of frames on links, seen from the gate.", ["transport", "direction"], (it) => {
    for (const [transport, { bytesIn, bytesOut }] of gate.traffic) {
      it.inc({ transport, direction: "in" }, bytesIn);
      it.inc({ transport, direction: "out" }, bytesOut);
    }
  });
  const lag = new EventLoopLag();
  gauge("gate_event_loop_lag_seconds", "How late the event loop came to its work since the last look.", ["quantile"], (it) => {
    const { p50, p99, max } = lag.take();
    it.set({ quantile: "0.5" }, p50);
    it.set({ quantile: "0.99" }, p99);
    it.set({ quantile: "1" }, max);
  });
  gauge("process_resident_memory_bytes", "Memory of the gate's process.", [], (it) => it.set(process.memoryUsage.rss()));
  counter("process_cpu_seconds_total", "Time of processors that the gate's process has used.", [], (it) => {
    const { user, system } = process.cpuUsage();
    it.inc((user + system) / 1e6);
  });
  return () => lag.stop();
}

function addQueueMetrics({ gate, settings, routes }: Source, gauge: AddGauge): void {
  const add = (name: string, help: string, read: (queue: ReturnType<PluginHost["status"]["queues"]>[number]) => number): void => {
    gauge(name, help, ["route"], (it) => {
      for (const queue of gate.status.queues()) it.inc({ route: routes.of(settings.isByTarget ? queue.target : queue.route) }, read(queue));
    });
  };
  add("gate_jobs_in_flight", "Jobs that a worker runs.", ({ running }) => running);
  add("gate_queue_depth", "Jobs that wait for a worker.", ({ depth }) => depth);
}
