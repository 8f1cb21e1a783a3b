import { createHash, randomBytes } from "node:crypto";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import { UserError } from "../user-error.ts";

/** `gate keys`: a new key, and the line of the config that lets its holder in. */
export const keys: Command = defineCommand({
  name: "keys",
  summary: "Makes a key for a gate: the secret for its holder, and the line for the config, which holds no secret.",
  positionals: [{ name: "action", description: "generate", isRequired: true, choices: ["generate"] }],
  options: {
    name: { type: "string", description: "who holds it; default someone", value: "NAME" },
    may: { type: "string", description: "call, work or admin; default all of them", isMany: true, value: "WHAT" },
    ...jsonOption,
  },
  examples: ["gate keys generate --name web --may call", "gate keys generate --name farm --may work"],
  async run({ text, texts, output }) {
    const name = text("name") ?? "someone";
    const may = texts("may");
    const wrong = may.find((one) => !["call", "work", "admin"].includes(one));
    if (wrong !== undefined) throw new UserError(`--may ${JSON.stringify(wrong)} is not a permission`, "known are call, work and admin");
    const key = `gate_${randomBytes(24).toString("base64url")}`;
    const entry = { name, key: `sha256:${createHash("sha256").update(key).digest("hex")}`, ...(may.length > 0 ? { may } : {}) };
    output.result({ key, config: entry });
    output.note(
      `Give the key to its holder, who passes it as $GATE_KEY or --key; write the other into the config: keys: [${JSON.stringify(entry)}]`,
    );
  },
});
