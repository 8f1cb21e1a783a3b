import type { FastifyInstance } from "fastify";
import { type Address, type Door, GateError, type GateHost, type MethodInfo } from "unigate/transport";
import { BodyMemory } from "../body-memory.ts";
import { HttpCalls } from "../calls.ts";
import { corsHeaders } from "../cors.ts";
import { isMediaType } from "../direct-request.ts";
import { hopByHop } from "../hop-by-hop.ts";
import type { HttpSettings } from "../options.ts";
import { type SharedRegistry, shareRegistry } from "../registry/shared-registry.ts";
import { type RequestBinding, type RequestHead } from "../request-job.ts";
import { addRoutes, answerFault } from "../routes.ts";
import { FetchReply } from "./fetch-reply.ts";
import { type BodyRules, readBody, toHead } from "./fetch-request.ts";
import { pass, type PassRules } from "./pass.ts";
import { refuse } from "./refuse.ts";

/** The HTTP surface of a gate without a port: one `Request` in, one `Response` out. */
export class FetchDoor implements Door {
  readonly addresses: readonly Address[] = [];
  readonly #settings: HttpSettings;
  readonly #gate: GateHost;
  readonly #calls: HttpCalls;
  readonly #callPrefix: string;
  readonly #body: BodyRules;
  readonly #shared: SharedRegistry;
  #pages: Promise<FastifyInstance> | undefined;

  constructor(settings: HttpSettings, gate: GateHost) {
    this.#settings = settings;
    this.#gate = gate;
    this.#calls = new HttpCalls(gate, settings.control, () => false);
    this.#callPrefix = `${settings.control}/call/`;
    const { bodyLimit: limit, requestTimeoutMs: timeoutMs } = settings;
    this.#body = { limit, memory: new BodyMemory(settings.bodyMemory), timeoutMs, clock: gate.clock };
    this.#shared = shareRegistry(gate);
  }

  /** Answers a request; never rejects. `remote` is the caller's address, empty when nobody knows it. */
  async answer(request: Request, remote: string): Promise<Response> {
    const head = toHead(request);
    const { cors } = this.#settings;
    const reply = new FetchReply({
      isHead: request.method === "HEAD",
      signal: request.signal,
      headers: cors === undefined ? {} : corsHeaders(cors, request.headers.get("origin") ?? undefined),
    });
    try {
      if (await pass(this.#passRules, request, head, reply, remote)) return await reply.response;
      const body = await readBody(request, this.#body, reply);
      if (!(body instanceof Uint8Array)) refuse(reply, head, body.error, body.status);
      else if (!this.#call(head, reply, body, remote)) return await this.#page(head, reply, body, remote);
    } catch (error) {
      refuse(reply, head, GateError.from(error));
    }
    return reply.response;
  }

  get #passRules(): PassRules {
    const { via, bindings } = this.#calls;
    const knowsService = (target: string): boolean => this.#shared.registry.knows(target);
    return { gate: this.#gate, control: this.#settings.control, via, bindings, knowsService, body: this.#body };
  }

  refusal(method: MethodInfo): string | undefined {
    return this.#calls.refusal(method);
  }

  /** There is no port to stop listening on; the gate itself refuses new jobs. */
  async drain(): Promise<void> {}

  async close(): Promise<void> {
    await (await this.#pages)?.close();
    await this.#shared.release();
  }

  /** Calls what the request asks for; false when that is no method. */
  #call(head: RequestHead, reply: FetchReply, body: Uint8Array, remote: string): boolean {
    const isPreflight = head.method === "OPTIONS" && head.headers["access-control-request-method"] !== undefined;
    if ((isPreflight && this.#settings.cors !== undefined) || !isMediaType(head.headers["content-type"])) return false;
    const found = this.#find(head);
    if (found !== undefined) this.#calls.call(head, reply, { body, remote, ...found });
    return found !== undefined;
  }

  #find(head: RequestHead): { target: string; bound?: RequestBinding } | undefined {
    const target = this.#targetOf(head);
    if (target !== undefined) return { target };
    const bound = this.#calls.find(head);
    return bound === undefined ? undefined : { target: bound.target, bound };
  }

  /** The target of `POST …/call/Service.method`. */
  #targetOf({ method, url = "/" }: RequestHead): string | undefined {
    if (method !== "POST" || !url.startsWith(this.#callPrefix)) return undefined;
    const [last = ""] = url.slice(this.#callPrefix.length).split("?", 1);
    if (last === "" || last.length > 1024 || last.includes("/")) return undefined;
    try {
      return decodeURIComponent(last);
    } catch {
      return undefined;
    }
  }

  /** Everything that is no call comes from the routes of the other door, asked inside this process. */
  async #page(head: RequestHead, reply: FetchReply, body: Uint8Array, remote: string): Promise<Response> {
    this.#pages ??= this.#createPages();
    const app = await this.#pages;
    const { method = "GET", url = "/", headers } = head;
    const answer = await app.inject({
      method: method as "GET",
      url,
      headers: headers as Record<string, string>,
      ...(body.length === 0 ? {} : { payload: Buffer.from(body) }),
      ...(remote === "" ? {} : { remoteAddress: remote }),
    });
    const given = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
    const flat = given.flatMap(([name, value]) => [value].flat().flatMap((one) => [name, String(one)]));
    reply.writeHead(answer.statusCode, flat);
    reply.end(answer.rawPayload);
    return reply.response;
  }

  async #createPages(): Promise<FastifyInstance> {
    // Nobody needs it to call a method.
    const { default: fastify } = await import("fastify");
    const app = fastify({
      bodyLimit: this.#settings.bodyLimit,
      routerOptions: { maxParamLength: 1024 },
      frameworkErrors: answerFault(this.#settings),
    });
    addRoutes(app, {
      gate: this.#gate,
      settings: this.#settings,
      // Bodies that come here have been counted already.
      bodies: new BodyMemory(Infinity),
      registry: this.#shared.registry,
      calls: this.#calls,
      call: () => {
        throw new GateError("invalid_argument", "the content-type of this request is not a media type");
      },
    });
    return app;
  }
}
