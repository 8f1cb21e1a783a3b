import { GateError } from "unigate/client";
import { loadService, type ServiceDefinition, serviceOfModule } from "unigate/worker";
import { loadModule, nameOf } from "./load-module.ts";
import { UserError } from "./user-error.ts";

/** A service and the file that it is from. */
export interface LoadedService {
  file: string;
  service: ServiceDefinition;
}

/** Loads handlers files. `name` names the service of a single file that names none itself. Throws a `UserError`. */
export async function loadServices(files: readonly string[], name?: string): Promise<LoadedService[]> {
  const services: LoadedService[] = [];
  for (const file of files) {
    const module = await loadModule(file, "handlers file");
    try {
      const service = serviceOfModule(module, name ?? nameOf(file));
      loadService(service);
      services.push({ file, service });
    } catch (error) {
      if (GateError.is(error)) throw new UserError(`handlers file ${file}: ${error.message}`, undefined, { cause: error });
      throw error;
    }
  }
  return services;
}
