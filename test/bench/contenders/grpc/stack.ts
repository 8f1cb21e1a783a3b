import { freePort, type Program, startScript } from "../../process.ts";

/** A program that listens. */
export interface Listening {
  program: Program;
  port: number;
}

/** Starts the server that every proxy stands before. */
export function startGrpcUpstream(): Promise<Listening> {
  return listen("upstream", {});
}

/** Starts a bare pass-through of `node:http2`. */
export function startPassThrough(upstream: number): Promise<Listening> {
  return listen("pass-through", { UPSTREAM_PORT: upstream });
}

/** Starts a proxy made with grpc-js. */
export function startJsProxy(upstream: number): Promise<Listening> {
  return listen("js-proxy", { UPSTREAM_PORT: upstream });
}

async function listen(name: string, env: Record<string, number>): Promise<Listening> {
  const port = await freePort();
  return { program: await startScript(`contenders/grpc/${name}.ts`, { ...env, PORT: port }), port };
}
