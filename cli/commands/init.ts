import { join } from "node:path";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import { carriers, type Choices, defaults } from "../init/project.ts";
import { refuseToOverwrite, writeProject, type Written } from "../init/write-project.ts";
import { exitCodes } from "../report-error.ts";
import { UserError } from "../user-error.ts";
import { version } from "../version.ts";

/** `gate init`: a config, a handlers file, and the scripts that run them. */
export const init: Command = defineCommand({
  name: "init",
  summary: "Begins a project: writes gate.config.ts, handlers.ts, and scripts into package.json. Nothing is overwritten.",
  positionals: [{ name: "folder", description: "where; default this folder" }],
  options: {
    yes: { type: "boolean", alias: "y", description: "ask nothing; take the defaults" },
    service: { type: "string", description: `name of the service; default ${defaults.service}`, value: "NAME" },
    ...jsonOption,
  },
  examples: ["gate init", "gate init my-service --yes", "gate init --service images"],
  async run({ text, isSet, output }) {
    const folder = text("folder") ?? ".";
    refuseToOverwrite(folder, defaults);
    const choices = isSet("yes") ? defaults : await askOnTerminal();
    if (choices === undefined) {
      process.exitCode = exitCodes.interrupted;
      return output.note("nothing was written");
    }
    const service = text("service") ?? choices.service;
    const fault = serviceFault(service);
    if (fault !== undefined) throw new UserError(`service name ${JSON.stringify(service)}: ${fault}`);
    const written = await writeProject(folder, { ...choices, service }, version());
    output.report(report(written, { ...choices, service }), written);
  },
});

async function askOnTerminal(): Promise<Choices | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError("gate init asks on a terminal, and this is none", "`gate init --yes` takes the defaults");
  // Loaded only for whoever is asked.
  const { ask } = await import("../init/ask.ts");
  return await ask(serviceFault);
}

function serviceFault(name: string): string | undefined {
  return /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(name) ? undefined : 'use letters, digits, "_", "-" and dots between parts';
}

function report({ folder, written, changed, kept, handlers }: Written, { service, carriers: chosen }: Choices): string {
  const lines = [
    ...written.map((name) => `  wrote    ${join(folder, name)}`),
    ...changed.map((name) => `  changed  ${join(folder, name)}`),
    ...(kept.length === 0 ? [] : [`  its scripts ${kept.join(", ")} were there, and stay as they are`]),
  ];
  // Clients find ZeroMQ without being told.
  const [first] = chosen;
  const gate = chosen.includes("zmq") || first === undefined ? "" : ` --gate ${carriers[first].url}`;
  return `${lines.join("\n")}

Next:${folder === "." ? "" : `\n  cd ${folder}`}
  npm install
  npx gate dev ${handlers}
  npx gate call ${service}.hello Ada${gate}      # in another terminal
`;
}
