import { GateError } from "../error/gate-error.ts";

/** One mistake in a config: where it is, what is wrong, what to write instead. */
export interface ConfigFault {
  /** E.g. `routes["Image.*"].timeout`. */
  path: string;
  problem: string;
  remedy: string;
}

/** The error that names every fault of a config at once; `details.faults` has them as data. */
export function configError(source: string, faults: readonly ConfigFault[]): GateError {
  const lines = faults.map(({ path, problem, remedy }) => `  ${path}: ${problem}; ${remedy}`);
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return new GateError("invalid_argument", `${source} has ${count}:\n${lines.join("\n")}`, { details: { faults } });
}
