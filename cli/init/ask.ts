import { intro, isCancel, multiselect, text } from "@clack/prompts";
import { type Carrier, carriers, type Choices, defaults } from "./project.ts";

/** Asks on the terminal what a project is to be; undefined when the answer is Ctrl-C. Questions go to stderr. */
export async function ask(serviceFault: (name: string) => string | undefined): Promise<Choices | undefined> {
  const output = process.stderr;
  intro("A new gate", { output });
  const service = await text({
    message: "What is your service called?",
    defaultValue: defaults.service,
    placeholder: defaults.service,
    validate: (name) => (name === undefined || name === "" ? undefined : serviceFault(name)),
    output,
  });
  if (isCancel(service)) return undefined;
  const chosen = await multiselect<Carrier>({
    message: "How do callers and workers come in?",
    options: Object.entries(carriers).map(([value, { title, hint }]) => ({ value: value as Carrier, label: title, hint })),
    initialValues: [...defaults.carriers],
    required: true,
    output,
  });
  return isCancel(chosen) ? undefined : { service, carriers: chosen };
}
