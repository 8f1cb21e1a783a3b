/** Resolves once `condition` holds, asked every 20 ms; rejects with `what` after ten seconds. */
export async function eventuallyTrue(what: string, condition: () => Promise<boolean> | boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
