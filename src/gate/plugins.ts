import { GateError } from "../error/gate-error.ts";
import type { DispatchHooks } from "../dispatch/dispatcher-options.ts";
import type { JobRun } from "../dispatch/run.ts";
import type { Plugin, PluginHooks, PluginHost, PluginRun } from "../plugin/plugin.ts";
import type { PageContent } from "../plugin/plugin-page.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { RegistryListener } from "../registry/registry.ts";
import { isSameOptions } from "../strategy/same-options.ts";
import type { Page } from "../transport/transport.ts";

interface RunningPlugin {
  plugin: Plugin;
  hooks: PluginHooks;
}

/** The plugins of a gate in the order of its config. Nothing that one of them throws gets past here. */
export class Plugins implements DispatchHooks, RegistryListener {
  readonly #host: PluginHost;
  #running: readonly RunningPlugin[] = [];

  constructor(host: PluginHost) {
    this.#host = host;
  }

  /** Tells whether any of them wants to hear of jobs. */
  get hearsJobs(): boolean {
    return this.#running.some(({ hooks }) => "admitted" in hooks || "dispatched" in hooks || "settled" in hooks);
  }

  /** Makes the plugins those of `wanted`: one that was made with equal options goes on. One that does not start is left out. */
  async change(wanted: readonly Plugin[]): Promise<void> {
    const left = [...this.#running];
    const running: RunningPlugin[] = [];
    for (const plugin of wanted) {
      const one = take(left, plugin) ?? (await this.#start(plugin));
      if (one !== undefined) running.push(one);
    }
    this.#running = running;
    for (const one of left) await this.#close(one);
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    for (const one of running.toReversed()) await this.#close(one);
  }

  /** The page at `path`, or undefined. */
  page(path: string): Page | undefined {
    for (const { plugin, hooks } of this.#running) {
      const page = plugin.pages?.find((one) => one.path === path);
      if (page === undefined) continue;
      return { isPublic: page.isPublic === true, read: () => readPage(plugin, hooks, path) };
    }
    return undefined;
  }

  // From the dispatcher.

  admitted(run: JobRun): GateError | undefined {
    for (const { plugin, hooks } of this.#running) {
      try {
        hooks.admitted?.(run);
      } catch (error) {
        return this.#refusal(plugin, run, error);
      }
    }
    return undefined;
  }

  dispatched(run: JobRun, endpoint: Endpoint): GateError | undefined {
    for (const { plugin, hooks } of this.#running) {
      try {
        hooks.dispatched?.(run, endpoint);
      } catch (error) {
        return this.#refusal(plugin, run, error);
      }
    }
    return undefined;
  }

  settled(run: JobRun): void {
    this.#tell("settled", (hooks) => hooks.settled?.(run));
  }

  // From the registry.

  joined(endpoint: Endpoint): void {
    this.#tell("joined", (hooks) => hooks.joined?.(endpoint));
  }

  left(endpoint: Endpoint, reason: string | undefined): void {
    this.#tell("left", (hooks) => hooks.left?.(endpoint, reason));
  }

  /** A `GateError` is the plugin's answer to the caller; anything else is a bug of the plugin. */
  #refusal(plugin: Plugin, { job }: PluginRun, error: unknown): GateError {
    if (GateError.is(error)) return error;
    this.#host.logger.error("a plugin threw", { plugin: plugin.name, job: job.id, target: job.target, error: String(error) });
    return new GateError("internal", `the plugin ${plugin.name} threw: ${GateError.from(error).message}`, { cause: error });
  }

  #tell(hook: string, call: (hooks: PluginHooks) => void): void {
    for (const { plugin, hooks } of this.#running) {
      try {
        call(hooks);
      } catch (error) {
        this.#host.logger.error("a plugin threw", { plugin: plugin.name, hook, error: String(error) });
      }
    }
  }

  async #start(plugin: Plugin): Promise<RunningPlugin | undefined> {
    try {
      return { plugin, hooks: await plugin.start(this.#host) };
    } catch (error) {
      this.#host.logger.error("a plugin did not start, the gate goes on without it", { plugin: plugin.name, error: String(error) });
      return undefined;
    }
  }

  async #close({ plugin, hooks }: RunningPlugin): Promise<void> {
    try {
      await hooks.close?.();
    } catch (error) {
      this.#host.logger.error("a plugin threw", { plugin: plugin.name, hook: "close", error: String(error) });
    }
  }
}

async function readPage(plugin: Plugin, hooks: PluginHooks, path: string): Promise<PageContent> {
  if (hooks.page === undefined)
    throw new GateError("unimplemented", `the plugin ${plugin.name} names the page ${path} and does not make it`);
  try {
    return await hooks.page(path);
  } catch (error) {
    throw GateError.from(error, "internal");
  }
}

/** The running plugin that `wanted` would start again, taken out of `left`. */
function take(left: RunningPlugin[], wanted: Plugin): RunningPlugin | undefined {
  const at = left.findIndex(
    ({ plugin }) =>
      plugin === wanted || (plugin.name === wanted.name && plugin.options !== undefined && isSameOptions(plugin.options, wanted.options)),
  );
  return at < 0 ? undefined : left.splice(at, 1)[0];
}
