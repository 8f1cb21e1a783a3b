/** What was typed after the name of a command. */
export interface ParsedArguments {
  /** Positional arguments by name: text, or a list for the one that takes the rest. */
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => string[];
  readonly number: (name: string) => number | undefined;
  readonly isSet: (name: string) => boolean;
}
