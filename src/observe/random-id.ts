/** A name that nobody else has: `bytes` of the platform's secure randomness, as hexadecimal digits. */
export function randomId(bytes: number): string {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
