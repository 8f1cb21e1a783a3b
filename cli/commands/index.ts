import type { Command } from "../command.ts";

/** A command in the list: known by name and summary, loaded when it runs. */
export interface CommandEntry {
  summary: string;
  load(): Promise<Command>;
}

/** Every command, in the order of the help. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  init: { summary: "begin a project: a config, a handlers file, scripts", load: async () => (await import("./init.ts")).init },
  serve: { summary: "run the gateway; with --worker also a worker inside it", load: async () => (await import("./serve.ts")).serve },
  dev: { summary: "gate, workers and watch in one terminal", load: async () => (await import("./dev.ts")).dev },
  worker: { summary: "serve the exported functions of files", load: async () => (await import("./worker.ts")).worker },
  expose: { summary: "publish a local HTTP server", load: async () => (await import("./expose.ts")).expose },
  call: { summary: "call Service.method and print its result", load: async () => (await import("./call.ts")).call },
  top: { summary: "live dashboard of a gate", load: async () => (await import("./top.ts")).top },
  list: { summary: "services and their methods", load: async () => (await import("./inspect.ts")).list },
  routes: { summary: "routes and what they hold for", load: async () => (await import("./inspect.ts")).routes },
  workers: { summary: "workers, their state and load", load: async () => (await import("./inspect.ts")).workers },
  queues: { summary: "who waits, for what, how long", load: async () => (await import("./inspect.ts")).queues },
  info: { summary: "the gate at a glance", load: async () => (await import("./inspect.ts")).info },
  jobs: { summary: "jobs that nobody waits for: list, show, retry, cancel, replay", load: async () => (await import("./jobs.ts")).jobs },
  explain: { summary: "which route and worker a target gets, and why", load: async () => (await import("./explain.ts")).explain },
  bench: { summary: "call a target over and over, and tell how fast it is", load: async () => (await import("./bench.ts")).bench },
  context: { summary: "gates under names: add, use, list, remove", load: async () => (await import("./context.ts")).context },
  keys: { summary: "make a key for callers and workers", load: async () => (await import("./keys.ts")).keys },
  completion: { summary: "complete words in bash, zsh and fish", load: async () => (await import("./completion.ts")).completion },
  doctor: { summary: "what stands in the way here, and what is guaranteed", load: async () => (await import("./doctor.ts")).doctor },
  check: { summary: "check a config, and name every fault of it", load: async () => (await import("./check.ts")).check },
};
