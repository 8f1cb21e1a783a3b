import { defaultGateUrl } from "unigate/transport";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { suggest } from "../suggest.ts";
import { UserError } from "../user-error.ts";
import { type Contexts, type NamedGate, readContexts } from "./context-file.ts";

/** The gate that a command talks to. */
export interface GateAddress {
  url: string;
  /** Undefined leaves it to `$GATE_KEY`. */
  key: string | undefined;
  /** Who named it, for errors: `--gate`, `$GATE_URL`, `context prod`, `the default`. */
  source: string;
  isReadOnly: boolean;
}

/** The name of no context: `$GATE_URL`, or the gate of this machine. */
export const noContext = "default";

/**
 * Which gate a command means: `--gate`, `--context`, `$GATE_CONTEXT`, `$GATE_URL`, the context in use, the gate of this machine; the
 * first of them that says. Throws a `UserError` for a context that does not exist.
 */
export function gateAddress({ text }: ParsedArguments): GateAddress {
  const [url, key, name] = [text("gate"), text("key"), text("context")];
  if (url !== undefined && name !== undefined)
    throw new UserError("the gate was named twice: with --gate and with --context", "keep one of them");
  if (url !== undefined) return { url, key, source: "--gate", isReadOnly: false };
  const isInEnvironment = (process.env["GATE_URL"] ?? "") !== "";
  const named = name ?? (process.env["GATE_CONTEXT"] || (isInEnvironment ? noContext : undefined));
  const contexts: Contexts = named === noContext ? { gates: {} } : readContexts();
  const chosen = named ?? contexts.inUse ?? noContext;
  if (chosen !== noContext) return fromContext(chosen, contexts.gates, key);
  return { url: defaultGateUrl(), key, source: isInEnvironment ? "$GATE_URL" : "the default", isReadOnly: false };
}

/** What makes a process of our own mean this gate: by its environment, as a list of processes shows arguments, and a URL may hold a password. */
export function gateEnvironment({ url, key }: Pick<GateAddress, "url" | "key">): Record<string, string> {
  return { GATE_URL: url, GATE_CONTEXT: noContext, ...(key === undefined ? {} : { GATE_KEY: key }) };
}

/** Throws a `UserError` when the gate is one whose context is read-only. */
export function refuseReadOnly(command: string, { source, isReadOnly }: GateAddress): void {
  if (!isReadOnly) return;
  throw new UserError(
    `${source} is read-only, and gate ${command} changes something at its gate`,
    `name another gate with --gate or --context; or remove the mark: gate context remove ${source.slice("context ".length)}, and add it without --read-only`,
  );
}

function fromContext(name: string, gates: Readonly<Record<string, NamedGate>>, key: string | undefined): GateAddress {
  const gate = Object.hasOwn(gates, name) ? gates[name] : undefined;
  if (gate === undefined) throw new UserError(`there is no context ${name}`, nearest(name, Object.keys(gates)));
  return { url: gate.url, key: key ?? gate.key, source: `context ${name}`, isReadOnly: gate.isReadOnly === true };
}

/** What to do about a context that does not exist. */
export function nearest(name: string, names: readonly string[]): string {
  const list = names.length === 0 ? "`gate context add NAME --gate URL` adds one" : `there are ${names.join(", ")}`;
  return suggest(name, names, (closest) => closest, list);
}
