import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { GateConfig } from "unigate";
import { createGate, type Gate, type GateOptions } from "unigate/gate";
import { http, type HttpOptions } from "unigate/http";
import { onTestFinished } from "vitest";
import { bodyOf, startServer } from "../../../support/http-server.ts";

/** What the gate answers about services and instances. */
export interface Envelope {
  code: number;
  message: string;
  data: never;
}

/** A gate with an HTTP port, closed when the test is over. */
export async function openGate(
  options: HttpOptions = {},
  config: Partial<GateConfig> = {},
  gateOptions: GateOptions = {},
): Promise<{ gate: Gate; url: string }> {
  const gate = createGate({ settle: 0, ...config, transports: [http({ port: 0, ...options }), ...(config.transports ?? [])] }, gateOptions);
  await gate.start();
  onTestFinished(() => gate.close());
  return { gate, url: gate.addresses[0]!.url };
}

/** Sends JSON and reads JSON. */
export async function ask(url: string, body?: unknown, init: RequestInit = {}): Promise<{ status: number; body: Envelope }> {
  const sent: RequestInit = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { "content-type": "application/json", ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { ...sent, ...init, headers });
  return { status: response.status, body: (await response.json()) as Envelope };
}

/** The methods that the calculator declares. */
export const calcMethods = {
  add: { http: "GET /add/{a}/{b}" },
  divide: { http: "GET /divide/{a}/{b}" },
  sum: { http: "POST /sum" },
  find: { http: "GET /find" },
  slow: { http: "GET /slow" },
};

/** A calculator as a plain HTTP server that knows nothing of gates; it tells what it was asked. */
export async function startCalc(port = 0): Promise<{ url: string; port: number; seen: string[] }> {
  const seen: string[] = [];
  const { url, port: taken } = await startServer(calculator(seen), port);
  return { url, port: taken, seen };
}

function calculator(seen: string[]): RequestListener {
  return (request, response) => void answer(seen, request, response);
}

async function answer(seen: string[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://calc");
  const body = (await bodyOf(request)).toString();
  seen.push(`${request.method} ${request.url}${body === "" ? "" : ` ${body}`}`);
  const [, operation = "", a = "", b = ""] = pathname.split("/");
  if (operation === "slow") return;
  if (operation === "divide" && Number(b) === 0) return send(response, 500, { detail: "division by zero" });
  if (operation === "add") return send(response, 200, Number(a) + Number(b));
  if (operation === "divide") return send(response, 200, Number(a) / Number(b));
  if (operation === "sum")
    return send(
      response,
      200,
      (JSON.parse(body) as number[]).reduce((sum, one) => sum + one, 0),
    );
  if (operation === "find") return send(response, 200, [...searchParams]);
  if (operation === "gone") return void response.writeHead(204).end();
  if (operation === "text") return void response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("grüße");
  if (operation === "huge") return send(response, 200, "x".repeat(3_000_000));
  if (operation === "away") return void response.writeHead(302, { location: "http://elsewhere/" }).end();
  send(response, 404, { detail: "Not Found" });
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
