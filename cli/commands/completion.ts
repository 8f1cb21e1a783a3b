import { type Command, defineCommand } from "../command.ts";
import { scripts, shells } from "../completion/scripts.ts";

/** `gate completion`: a script for a shell, and the answers to its questions. */
export const completion: Command = defineCommand({
  name: "completion",
  summary: "Prints what a shell needs to complete commands, options, contexts, and the targets of a running gate.",
  positionals: [
    { name: "shell", description: shells.join(", "), isRequired: true, choices: [...shells, "candidates"] },
    { name: "word", description: "for the script itself: `candidates -- WORD…` lists what may stand in place of the last", isMany: true },
  ],
  examples: ["source <(gate completion bash)", "source <(gate completion zsh)", "gate completion fish | source"],
  async run({ text, texts, output }) {
    const shell = text("shell") as (typeof shells)[number] | "candidates";
    if (shell !== "candidates") return output.print(scripts[shell]);
    const { candidatesOf } = await import("../completion/candidates.ts");
    // A shell that waits for an answer has no use for an error.
    const { words, takesFiles } = await candidatesOf(texts("word")).catch(() => ({ words: [], takesFiles: false }));
    output.print([...words.map(({ word, meaning }) => `${word}\t${meaning}\n`), ...(takesFiles ? [":files\n"] : [])].join(""));
    // The client may still look for a gate.
    process.exit();
  },
});
