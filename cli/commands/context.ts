import { text as readAll } from "node:stream/consumers";
import { GateError, parseGateUrl } from "unigate/transport";
import { type Command, type CommandContext, defineCommand, jsonOption } from "../command.ts";
import { contextFile, type Contexts, type NamedGate, readContexts, writeContexts } from "../contexts/context-file.ts";
import { nearest, noContext } from "../contexts/gate-address.ts";
import { UserError } from "../user-error.ts";

/** `gate context`: gates under names. */
export const context: Command = defineCommand({
  name: "context",
  summary: "Keeps gates under names: `gate call … --context prod`, or every command after `gate context use prod`.",
  positionals: [
    { name: "action", description: "add, use, list or remove", isRequired: true, choices: ["add", "use", "list", "remove"] },
    { name: "name", description: `of the context; \`use ${noContext}\` takes none`, completes: "contexts" },
  ],
  options: {
    gate: { type: "string", description: "add: URL of the gate", value: "URL" },
    key: { type: "string", description: "add: key of the gate, where it has keys; - reads it from stdin", value: "KEY" },
    "read-only": { type: "boolean", description: "add: commands that change something at the gate refuse" },
    ...jsonOption,
  },
  examples: ["gate context add prod --gate wss://gate.example --key - --read-only < key.txt", "gate context use prod", "gate context list"],
  async run(command) {
    const action = command.text("action") as string;
    const contexts = readContexts();
    if (action === "list") return list(command, contexts);
    const name = nameOf(command, action);
    const after = action === "add" ? await add(command, contexts, name) : action === "use" ? use(contexts, name) : remove(contexts, name);
    writeContexts(after);
    list(command, after);
  },
});

function nameOf({ text }: CommandContext, action: string): string {
  const name = text("name");
  if (name === undefined) throw new UserError("NAME is missing", `usage: gate context ${action} NAME`);
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name))
    throw new UserError(`${JSON.stringify(name)} is no name of a context`, 'use letters, digits, "_", "-" and dots, at most 64 of them');
  return name;
}

async function add({ text, isSet }: CommandContext, { gates, inUse }: Contexts, name: string): Promise<Contexts> {
  const url = text("gate");
  if (name === noContext) throw new UserError(`${noContext} means that there is no context`, "take another name");
  if (Object.hasOwn(gates, name)) throw new UserError(`context ${name} is there already`, `gate context remove ${name} comes first`);
  if (url === undefined) throw new UserError("the URL of the gate is missing", `gate context add ${name} --gate wss://gate.example`);
  try {
    parseGateUrl(url);
  } catch (error) {
    throw new UserError(`--gate: ${GateError.from(error).message}`, undefined, { cause: error });
  }
  const key = text("key") === "-" ? (await readAll(process.stdin)).trim() : text("key");
  const gate: NamedGate = { url, ...(key === undefined ? {} : { key }), ...(isSet("read-only") ? { isReadOnly: true } : {}) };
  return { ...(inUse === undefined ? {} : { inUse }), gates: { ...gates, [name]: gate } };
}

function use({ gates }: Contexts, name: string): Contexts {
  if (name === noContext) return { gates };
  checkKnown(gates, name);
  return { gates, inUse: name };
}

function remove({ gates, inUse }: Contexts, name: string): Contexts {
  checkKnown(gates, name);
  const { [name]: _, ...others } = gates;
  return { gates: others, ...(inUse === undefined || inUse === name ? {} : { inUse }) };
}

function checkKnown(gates: Contexts["gates"], name: string): void {
  if (!Object.hasOwn(gates, name)) throw new UserError(`there is no context ${name}`, nearest(name, Object.keys(gates)));
}

/** Keys are not shown. */
function list({ output }: CommandContext, { gates, inUse }: Contexts): void {
  const all = Object.entries(gates).map(([name, { url, key, isReadOnly }]) => ({
    name,
    gate: url,
    hasKey: key !== undefined,
    isReadOnly: isReadOnly === true,
    isInUse: name === inUse,
  }));
  const mark = (is: boolean): string => (is ? "yes" : "");
  output.table(
    ["NAME", "GATE", "KEY", "READ-ONLY", "IN USE"],
    all.map((one) => [one.name, one.gate, mark(one.hasKey), mark(one.isReadOnly), mark(one.isInUse)]),
    all,
  );
  if (output.isTerminal && all.length === 0) output.note(`none is in ${contextFile()}; gate context add NAME --gate URL adds one`);
}
