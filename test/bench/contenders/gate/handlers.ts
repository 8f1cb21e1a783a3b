/** The service under test: it gives back what it gets. */
export const service = "echo";

export function echo(data: Uint8Array): Uint8Array {
  return data;
}

/** For HTTP: a JSON body in, a JSON body out. */
export function hello(name: string): string {
  return `Hello, ${name}`;
}
