/** Any program as a service: what it declares becomes methods whose handlers hand the job on to it. */
import { existsSync } from "node:fs";
import { currentJob, defineService, GateError, loadService, type Method, type MethodOptions, type StandardSchema } from "unigate/worker";
import { nameOf } from "../load/load-module.ts";
import type { LoadedService } from "../load/load-services.ts";
import { UserError } from "../user-error.ts";
import type { ProgramMethod } from "./messages.ts";
import { type Hello, Program, type ProgramOptions } from "./program.ts";

/** How long a program may take to say what its methods are, in ms. */
const helloMs = 10_000;

/** What is said of a program besides how it is run. */
export interface ProgramDescription extends ProgramOptions {
  /** Name of a service that the program does not name itself. */
  service: string | undefined;
  /** Methods of a program that says nothing of itself. */
  methods: readonly string[];
}

/** A running program, as a service that a worker can take. */
export interface LoadedProgram {
  services: LoadedService[];
  program: Program;
}

/** Starts a program and makes a service of it. Throws a `UserError` when it cannot be run, or has not said what it does in time. */
export async function loadProgram(description: ProgramDescription): Promise<LoadedProgram> {
  const { command, methods, service } = description;
  const program = new Program(description);
  try {
    await program.start();
  } catch (error) {
    throw cannotRun(command, error as NodeJS.ErrnoException);
  }
  try {
    const said = methods.length > 0 ? { service: undefined, methods: methods.map((name) => ({ name })) } : await helloOf(program, command);
    const definition = defineService(
      said.service ?? service ?? nameOf(fileOf(description)),
      Object.fromEntries(said.methods.map((one) => [one.name, toMethod(program, one)])),
    );
    return { program, services: [{ file: command, service: definition, methods: loadService(definition) }] };
  } catch (error) {
    program.kill();
    if (GateError.is(error)) throw new UserError(`program ${command}: ${error.message}`, undefined, { cause: error });
    throw error;
  }
}

/** What names the service: the program, or the script of an interpreter (`python3 words.py`). */
function fileOf({ command, args }: ProgramOptions): string {
  return command.includes("/") ? command : (args.find((arg) => existsSync(arg)) ?? command);
}

async function helloOf(program: Program, command: string): Promise<Hello> {
  const late = Promise.withResolvers<never>();
  const next = 'let it print {"methods":["name"]} when it starts, or name them with --method';
  const timer = setTimeout(
    () => late.reject(new UserError(`program ${command} has not told its methods within ${helloMs / 1000} s`, next)),
    helloMs,
  );
  const ended = program.hello.catch((error: Error) => {
    throw new UserError(`program ${command} ended (${error.message}) before it told its methods`, next, { cause: error });
  });
  try {
    const hello = await Promise.race([ended, late.promise]);
    if (hello.methods.length === 0) throw new UserError(`program ${command} declares no method`, next);
    return hello;
  } finally {
    clearTimeout(timer);
  }
}

function toMethod(program: Program, { name, params, stream, description, http, idempotent }: ProgramMethod): Method {
  const run = (...args: unknown[]): Promise<unknown> => program.run(name, args, currentJob());
  async function* streamed(...args: unknown[]): AsyncGenerator {
    const answer = await run(...args);
    if (isStream(answer)) yield* answer;
    else yield answer;
  }
  const options: MethodOptions = {
    ...(description === undefined ? {} : { description }),
    ...(http === undefined ? {} : { http }),
    ...(idempotent === undefined ? {} : { idempotent }),
    ...(params === undefined ? {} : { params: Object.fromEntries(params.map((param) => [param, anything])) }),
  };
  // Without a word more than its name, it takes its arguments as they come.
  if (Object.keys(options).length === 0) return stream === true ? streamed : run;
  const inOrder = (input: Readonly<Record<string, unknown>>): unknown[] => params?.map((param) => input[param]) ?? [input];
  // Only a generator function is known to stream.
  async function* streamedInput(input: Readonly<Record<string, unknown>>): AsyncGenerator {
    yield* streamed(...inOrder(input));
  }
  return { options, handler: stream === true ? streamedInput : (input: Readonly<Record<string, unknown>>) => run(...inOrder(input)) };
}

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;
}

/** What the program thinks of its arguments is its own affair. */
const anything: StandardSchema = { "~standard": { version: 1, vendor: "unigate", validate: (value) => ({ value }) } };

function cannotRun(command: string, error: NodeJS.ErrnoException): UserError {
  const isHere = existsSync(command);
  const next =
    error.code === "EACCES"
      ? `make it executable: chmod +x ${command}; or name the program that runs it: --exec python3 ${command}`
      : error.code === "ENOENT" && isHere
        ? command.includes("/")
          ? "its first line names an interpreter that is not installed"
          : `a program in this folder is written ./${command}`
        : undefined;
  return new UserError(
    `program ${command} cannot be run: ${error.code === "ENOENT" ? "there is none of that name" : error.message}`,
    next,
    {
      cause: error,
    },
  );
}
