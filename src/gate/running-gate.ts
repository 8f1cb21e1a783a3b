import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Holder, type Keyring, keyringOf, refusalOf } from "../access/keyring.ts";
import type { GateConfig } from "../config/gate-config.ts";
import type { RouteConfig } from "../config/route-config.ts";
import { type GateSettings, parseConfig, toRoute } from "../config/parse-config.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { GateError } from "../error/gate-error.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { AsyncJobs } from "../jobs/async-jobs.ts";
import { type Clock, systemClock, withPatience } from "../observe/clock.ts";
import { LatencyWindow } from "../observe/latency.ts";
import { type Logger, silentLogger } from "../observe/logger.ts";
import { type Random, systemRandom } from "../observe/random.ts";
import type { Hello, Welcome } from "../protocol/messages.ts";
import { headerBytes, protocolVersion } from "../protocol/record.ts";
import type { EndpointOffer } from "../registry/endpoint.ts";
import { Registry } from "../registry/registry.ts";
import type { Intake } from "../webhook/intake.ts";
import type { Route } from "../routing/route.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { Connection } from "../transport/connection.ts";
import type { Traffic } from "../transport/traffic.ts";
import type { DrainStatus, GateInfo, GateStatus } from "../transport/status.ts";
import type { Address } from "../transport/address.ts";
import type { GateHost } from "../transport/transport.ts";
import { controlOffer, createControlLink, isControlTarget, isForAdmins } from "./control-service.ts";
import { Doors, warnOfOpenDoors } from "./doors.ts";
import type { Gate, GateOptions } from "./gate.ts";
import { GateSession } from "./gate-session.ts";
import { drainWorker } from "./drain-worker.ts";
import { EventLog } from "./event-log.ts";
import { createGateJobs } from "./gate-jobs.ts";
import { createGateStatus, type StatusSource } from "./gate-status.ts";
import { createJobMethods } from "./job-methods.ts";
import { Plugins } from "./plugins.ts";
import { routeTableOf } from "./route-table-of.ts";
import { checkMethods, servedMethods } from "./served-methods.ts";
import type { Watch } from "./watch.ts";
import { createWatch } from "./watch-source.ts";

/** Room for metadata beside the largest payload, in bytes. */
const metadataRoom = 256 * 1024;
/** Links that may be open at once; one more is told so and closed. */
const maxSessions = 50_000;

/** How long the peers may take to say that the last answers have arrived, in ms. */
const lastAnswersMs = 1000;

/** Makes a gate of a config; throws one `invalid_argument` that names every fault of it. */
export function createGate(config: GateConfig, options: GateOptions = {}): Gate {
  return new RunningGate(parseConfig(config), options);
}

class RunningGate implements Gate, GateHost {
  readonly id: string = randomBytes(4).toString("hex");
  readonly ownKey: string = randomBytes(24).toString("base64url");
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly status: GateStatus;
  readonly registry: Registry;
  readonly traffic = new Map<string, Traffic>();
  readonly jobs: AsyncJobs;
  readonly #dispatcher: Dispatcher;
  readonly #startedAt: number;
  readonly #sessions = new Set<GateSession>();
  readonly #methodListeners: (() => void)[] = [];
  /** Routes that doors bring along, by who brought them. */
  readonly #doorRoutes = new Map<string, readonly Route[]>();
  readonly #events: EventLog;
  readonly #watch: Watch;
  #settings: GateSettings;
  #routes: RouteTable;
  #keyring: Keyring;
  readonly #doors = new Doors();
  readonly #plugins: Plugins;
  #state: GateInfo["state"] = "starting";
  #sessionCount = 0;

  constructor(settings: GateSettings, { clock = systemClock, random = systemRandom, logger = silentLogger }: GateOptions) {
    this.clock = clock;
    this.random = random;
    this.logger = logger;
    this.#settings = settings;
    this.#startedAt = clock.now();
    this.#routes = routeTableOf(settings, []);
    this.#keyring = keyringOf(settings.keys, this.ownKey);
    this.registry = new Registry(clock);
    const latency = new LatencyWindow();
    const latencyOf = (target: string): LatencyWindow | undefined => (isControlTarget(target) ? undefined : latency);
    this.#dispatcher = new Dispatcher({ ...settings, registry: this.registry, routes: this.#routes, clock, logger, latencyOf });
    this.registry.listen({ methodsChanged: () => this.#tellMethods() });
    const source: StatusSource = {
      clock,
      registry: this.registry,
      dispatcher: this.#dispatcher,
      latency,
      routes: () => this.#routes,
      methods: () => this.methods(),
      doors: this.#doors,
      identity: () => ({
        name: this.#settings.name ?? hostname(),
        id: this.id,
        state: this.#state,
        startedAt: this.#startedAt,
      }),
    };
    this.status = createGateStatus(source);
    this.#events = new EventLog(clock, this.#startedAt);
    this.jobs = createGateJobs(
      { ...source, random, logger, settleMs: settings.settleMs, maxPayloadBytes: () => this.maxPayloadBytes },
      settings.jobs,
    );
    this.#watch = createWatch(source, this.#events, this.jobs);
    const jobMethods = createJobMethods(this.jobs, clock);
    const drain = (worker: string): DrainStatus => drainWorker(this.registry, worker);
    this.registry.join(createControlLink({ ...this.status, watch: this.#watch, drain, jobMethods }), controlOffer);
    this.registry.listen(this.#events);
    this.#plugins = new Plugins(this);
    this.registry.listen(this.#plugins);
  }

  get addresses(): (Address & { transport: string })[] {
    return this.#doors.transports.flatMap(({ name, addresses }) => addresses.map((address) => ({ transport: name, ...address })));
  }

  get maxPayloadBytes(): number {
    return this.#settings.maxPayloadBytes;
  }

  get lostAfterBeats(): number {
    return this.#settings.lostAfterBeats;
  }

  get maxRecordBytes(): number {
    return this.#settings.maxPayloadBytes + metadataRoom + headerBytes;
  }

  readonly dispatch: Dispatcher["dispatch"] = (job, sink) => this.#dispatcher.dispatch(job, sink);

  async start(): Promise<void> {
    try {
      await this.#changePlugins();
      await this.jobs.open();
      await this.#doors.open(this.#settings.transports, this);
    } catch (error) {
      await this.close();
      throw GateError.from(error, "internal");
    }
    this.#state = "ready";
    warnOfOpenDoors(this);
  }

  async reload(config: GateConfig): Promise<void> {
    this.#settings = parseConfig(config);
    this.#keyring = keyringOf(this.#settings.keys, this.ownKey);
    for (const session of this.#sessions) session.identifyAgain();
    this.jobs.change(this.#settings.jobs);
    this.#buildRoutes();
    this.#events.note("reloaded", `the config was reloaded, routes: ${this.status.routes().length}`);
    await this.#changePlugins();
    this.#tellMethods();
    await this.#doors.change(this.#settings.transports, this);
    warnOfOpenDoors(this);
  }

  readonly open: Gate["open"] = (transport) => this.#doors.add(transport, this);

  async drain(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "draining";
    this.#watch.close();
    this.#doors.drain();
    this.jobs.drain();
    await withPatience(this.#dispatcher.drain(), this.#settings.drainTimeoutMs, this.clock);
    // A process that ends now could take the last answers with it.
    await withPatience(Promise.all([...this.#sessions].map((session) => session.settled())), lastAnswersMs, this.clock);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#dispatcher.close();
    for (const session of this.#sessions) session.close(new GateError("unavailable", "the gate is closing"));
    // Let the goodbyes and the last answers leave before the doors shut.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#doors.close();
    await this.#plugins.close();
    await this.jobs.close(lastAnswersMs);
  }

  // For transports.

  get isLocked(): boolean {
    return this.#keyring.isLocked;
  }

  identify(key: string | undefined): Holder {
    return this.#keyring.identify(key);
  }

  refusalToCall(holder: Holder, target: string): GateError | undefined {
    return refusalOf(holder, isForAdmins(target) ? "admin" : "call");
  }

  isPublic(target: string): boolean {
    return this.#routes.match(target).isPublic;
  }

  intake(target: string): Intake | undefined {
    return this.#routes.match(target).intake;
  }

  isServed(target: string): boolean {
    return this.registry.pool(target)?.members.some(({ isManned }) => isManned) ?? false;
  }

  accept(connection: Connection, limit?: Holder): void {
    const session = new GateSession(connection, this, limit);
    this.#sessions.add(session);
    if (this.#sessions.size > maxSessions)
      session.close(new GateError("resource_exhausted", `this gate takes ${maxSessions} links at most`));
    else if (this.#state === "closed") session.close(new GateError("unavailable", "the gate is closing"));
  }

  readonly join: Registry["join"] = (link, offer) => {
    this.checkMethods(offer);
    return this.registry.join(link, offer);
  };
  readonly offer: Registry["offer"] = (endpoint, offer) => {
    this.checkMethods(offer);
    this.registry.offer(endpoint, offer);
  };
  readonly leave: Registry["leave"] = (endpoint) => this.registry.leave(endpoint);

  setRoutes(owner: string, routes: Readonly<Record<string, RouteConfig>>): void {
    this.#doorRoutes.set(
      owner,
      Object.entries(routes).map(([pattern, config]) => toRoute(pattern, config)),
    );
    this.#buildRoutes();
  }

  methods(): MethodInfo[] {
    return servedMethods(this.registry, this.#settings);
  }

  holdsPaths(target: string): boolean {
    return this.#settings.http.has(target) || (this.registry.pool(target)?.members.length ?? 0) > 0;
  }

  readonly page: GateHost["page"] = (path) => this.#plugins.page(path);

  onMethodsChanged(listener: () => void): void {
    this.#methodListeners.push(listener);
  }

  // For sessions.

  welcome(session: GateSession, hello: Hello): Welcome {
    for (const other of this.#sessions) {
      const isSamePeer = other !== session && other.id === hello.id && other.incarnation === hello.incarnation;
      if (isSamePeer) other.close(new GateError("aborted", "the same peer opened a newer link"));
    }
    this.#sessionCount++;
    return {
      version: protocolVersion,
      session: `${this.id}-${this.#sessionCount}`,
      gate: this.id,
      heartbeatMs: this.#settings.heartbeatMs,
      maxRecordBytes: this.maxRecordBytes,
    };
  }

  checkMethods({ methods }: Pick<EndpointOffer, "methods">): void {
    checkMethods(methods, this.#doors);
  }

  ended(session: GateSession): void {
    this.#sessions.delete(session);
  }

  async #changePlugins(): Promise<void> {
    await this.#plugins.change(this.#settings.plugins);
    this.#dispatcher.hooks = this.#plugins.hearsJobs ? this.#plugins : undefined;
  }

  #buildRoutes(): void {
    this.#routes = routeTableOf(this.#settings, [...this.#doorRoutes.values()].flat());
    this.#dispatcher.setRoutes(this.#routes);
  }

  #tellMethods(): void {
    for (const listener of this.#methodListeners) listener();
  }
}
