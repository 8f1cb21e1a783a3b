import { resolve } from "node:path";
import { GateError } from "unigate/client";
import { type ExecutorPool, type LoadedMethod, loadService, type ServiceDefinition, serviceOfModule } from "unigate/worker";
import { loadModule, nameOf } from "./load-module.ts";
import { UserError } from "../user-error.ts";

/** A service, its methods, and the file that it is from. */
export interface LoadedService {
  file: string;
  service: ServiceDefinition;
  methods: LoadedMethod[];
}

/** Loads handlers files. `name` names the service of a single file that names none itself. Throws a `UserError`. */
export async function loadServices(files: readonly string[], name?: string): Promise<LoadedService[]> {
  const services: LoadedService[] = [];
  for (const file of files) {
    const module = await loadModule(file, "handlers file");
    blaming(file, () => {
      const service = serviceOfModule(module, name ?? nameOf(file));
      services.push({ file, service, methods: loadService(service) });
    });
  }
  return services;
}

/** Gives the services' threads and processes the files that they load. Throws a `UserError` for a method that cannot leave the loop. */
export function addToPool(pool: ExecutorPool, services: readonly LoadedService[]): void {
  for (const { file, service, methods } of services) blaming(file, () => pool.add(resolve(file), service.name, methods));
}

function blaming(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (GateError.is(error)) throw new UserError(`handlers file ${file}: ${error.message}`, undefined, { cause: error });
    throw error;
  }
}
