import { existsSync } from "node:fs";
import { defineConfig, type GateConfig } from "unigate";
import { parseConfig } from "unigate/config";
import { GateError } from "unigate/client";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { zmq } from "unigate/zmq";
import { loadModule } from "./load-module.ts";
import { UserError } from "../user-error.ts";

/** A config and where it is from; no file for the embedded default. */
export interface LoadedConfig {
  config: GateConfig;
  file: string | undefined;
}

const defaultFiles = ["gate.config.ts", "gate.config.mts", "gate.config.js", "gate.config.mjs"];

/** What a gate runs on when there is no config: HTTP on 127.0.0.1:9000, ZeroMQ on 127.0.0.1:5555, gRPC on 127.0.0.1:50051. */
const embedded: GateConfig = defineConfig({ transports: [http(), zmq(), grpc()] });

/** Loads the named config, else the one in this folder, else the embedded default. Throws a `UserError` that names every fault. */
export async function loadConfig(named: string | undefined, query = ""): Promise<LoadedConfig> {
  const file = named ?? defaultFiles.find((name) => existsSync(name));
  if (file === undefined) return { config: embedded, file };
  const module = await loadModule(file, "config", query);
  if (module["default"] === undefined)
    throw new UserError(`config ${file} has no default export`, "write `export default defineConfig({ … })`");
  try {
    parseConfig(module["default"], file);
  } catch (error) {
    if (GateError.is(error)) throw new UserError(error.message, undefined, { cause: error });
    throw error;
  }
  return { config: module["default"] as GateConfig, file };
}
