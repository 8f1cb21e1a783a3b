import {
  type Connection,
  createMemoryPair,
  GateError,
  type Hello,
  type Job,
  type JobControl,
  type MethodInfo,
  protocolVersion,
  type ReplySink,
  type ServeDeclaration,
  serviceOf,
  Session,
  type SessionHandler,
  type Welcome,
} from "unigate/transport";
import { Participant, type ParticipantOptions } from "../participant.ts";
import { LostWorkers } from "../pull/lost-workers.ts";
import { Callers } from "./callers.ts";
import { HeldConnection } from "./held-connection.ts";
import { Intake } from "./intake.ts";
import { PushLinks } from "./push-links.ts";
import { RunningJobs } from "./running-jobs.ts";

/** Largest record that a worker takes or sends, in bytes. */
const maxRecordBytes = 256 * 1024 * 1024;

const gatesOwnService = "Gate";

/** Opens the connection of a worker: at its other end, in this process, is what brings it the jobs out of Redis. */
export async function connectWorker(options: ParticipantOptions): Promise<Connection> {
  const participant = await Participant.join(options);
  const [workers, ours] = createMemoryPair();
  WorkerHost.serve(participant, new HeldConnection(ours, participant.settings.address.label));
  return workers;
}

/**
 * The gate's side of a worker's session, in the worker's own process: what it serves goes into the table, and the jobs of those
 * services come out of their streams as the worker has room.
 */
class WorkerHost implements SessionHandler {
  readonly #participant: Participant;
  readonly #connection: HeldConnection;
  readonly #session: Session;
  readonly #running: RunningJobs;
  readonly #intakes = new Map<string, Promise<Intake>>();
  readonly #methods = new Map<string, MethodInfo>();
  #hello: Hello | undefined;
  #declaration: ServeDeclaration | undefined;
  #pushLinks: PushLinks | undefined;
  #isLeaving = false;

  /** Brings jobs to whoever is at the other end of `connection`, until it closes. */
  static serve(participant: Participant, connection: HeldConnection): WorkerHost {
    return new WorkerHost(participant, connection);
  }

  private constructor(participant: Participant, connection: HeldConnection) {
    this.#participant = participant;
    this.#connection = connection;
    const callers = new Callers(participant.post, maxRecordBytes, () => this.#running.isQuiet());
    this.#running = new RunningJobs({
      participant,
      callers,
      capacity: () => this.#declaration?.capacity ?? 0,
      run: (job, sink) => this.#session.send(job, sink),
    });
    LostWorkers.lookAfter(participant, { services: () => this.#intakes.keys() });
    participant.handle({ beat: () => void this.#beat() });
    this.#session = new Session(connection, {
      greeting: { welcome: (hello) => this.#welcome(hello) },
      handler: this,
      clock: participant.clock,
      maxRecordBytes,
      maxJobs: 1,
      // It shares our process: as long as we can count, it is there.
      lostAfterBeats: Number.MAX_SAFE_INTEGER,
    });
  }

  // From the session.

  job({ target }: Job, sink: ReplySink): JobControl {
    sink.fail(new GateError("unimplemented", `a worker on Redis cannot call ${target} through its own link; give it a client`), true);
    return { cancel: () => {}, resume: () => {} };
  }

  served(declaration: ServeDeclaration): void {
    for (const { name } of declaration.methods)
      if (serviceOf(name) === gatesOwnService)
        throw new GateError("permission_denied", `${name}: the service name ${gatesOwnService} is the gate's own; choose another`);
    this.#declaration = declaration;
    for (const method of declaration.methods) this.#methods.set(method.name, method);
    this.#pushLinks?.serve(declaration);
    this.#connection.hold(this.#serve());
  }

  withdrawn(methods: readonly string[]): void {
    for (const method of methods) this.#methods.delete(method);
    this.#pushLinks?.withdraw(methods);
    this.#connection.hold(this.#serve());
  }

  draining(): void {
    this.#pushLinks?.drain();
    this.#connection.hold(this.#stopTaking());
    this.#running.onIdle(() => this.#connection.hold(this.#settled()));
  }

  closed(): void {
    this.#pushLinks?.close();
    void this.#leave();
  }

  #welcome(hello: Hello): Welcome {
    this.#hello = hello;
    const { id, settings } = this.#participant;
    return { version: protocolVersion, session: id, gate: settings.address.label, heartbeatMs: settings.heartbeatMs, maxRecordBytes };
  }

  /** Opens an intake for each service, and tells the table what there is to call. */
  async #serve(): Promise<void> {
    const services = Map.groupBy(this.#methods.values(), ({ name }) => serviceOf(name));
    try {
      const { id = "", incarnation = "" } = this.#hello ?? {};
      const { capacity = 1, version, weight } = this.#declaration ?? {};
      await this.#participant.announce({
        member: {
          kind: "worker",
          name: id,
          incarnation,
          capacity,
          services: [...services.keys()],
          ...(version === undefined ? {} : { version }),
          ...(weight === undefined ? {} : { weight }),
        },
        services,
      });
      // Whoever takes jobs is in the table: others would take its jobs over.
      for (const service of services.keys()) await this.#intakeOf(service);
      for (const [service, intake] of this.#intakes) if (!services.has(service)) (await intake).stop();
      this.#pushLinks ??= this.#openPushLinks();
      this.#pushLinks.follow();
    } catch (error) {
      // The worker's link comes back by itself, with another participant.
      this.#session.close(GateError.from(error, "unavailable"));
    }
  }

  #openPushLinks(): PushLinks {
    return new PushLinks(this.#participant, {
      maxRecordBytes,
      hello: () => this.#hello as Hello,
      declaration: () => ({ ...(this.#declaration as ServeDeclaration), methods: [...this.#methods.values()] }),
      job: (job, sink) => this.#running.give(job, sink),
    });
  }

  #intakeOf(service: string): Promise<Intake> {
    let intake = this.#intakes.get(service);
    if (intake === undefined) {
      intake = Intake.open(this.#participant, service, this.#running);
      this.#intakes.set(service, intake);
    }
    return intake;
  }

  async #stopTaking(): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    for (const intake of this.#intakes.values()) (await intake).stop();
  }

  async #beat(): Promise<void> {
    for (const opening of this.#intakes.values()) {
      const intake = await opening.catch(() => undefined);
      if (this.#running.count > 0) intake?.showLife();
      void intake?.acknowledgements.flush();
    }
  }

  /** Resolves once Redis has every answer and every acknowledgement. */
  async #settled(): Promise<void> {
    await this.#participant.post.settled();
    for (const intake of this.#intakes.values()) await (await intake).acknowledgements.flush();
  }

  async #leave(): Promise<void> {
    try {
      await this.#stopTaking();
      await this.#settled();
    } catch {
      // Redis is away: our lease tells, later.
    }
    await this.#participant.close();
  }
}
