/** The service under test, by the name that callers use. */
export const service = "echo";

/** Gives back what it gets. */
export function echo(data: Uint8Array): Uint8Array {
  return data;
}

/** For HTTP: a JSON body in, a JSON body out, the same for every contender. */
export function hello({ name }: { name: string }): { greeting: string } {
  return { greeting: `Hello, ${name}` };
}
