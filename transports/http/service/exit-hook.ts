const farewells = new Set<() => Promise<void>>();
const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls `farewell` when this process is about to end: on SIGINT, on SIGTERM, and when it has nothing more to do. Returns the way back.
 *
 * A signal that nobody else listens to ends the process afterwards, as it would have without us.
 */
export function beforeExit(farewell: () => Promise<void>): () => void {
  if (farewells.size === 0) listen();
  farewells.add(farewell);
  return () => {
    farewells.delete(farewell);
    if (farewells.size === 0) unlisten();
  };
}

function listen(): void {
  for (const signal of signals) process.on(signal, onSignal);
  process.on("beforeExit", onBeforeExit);
}

function unlisten(): void {
  for (const signal of signals) process.off(signal, onSignal);
  process.off("beforeExit", onBeforeExit);
}

function onSignal(signal: NodeJS.Signals): void {
  const isOurs = process.listenerCount(signal) === 1;
  void sayFarewell().then(() => {
    unlisten();
    if (isOurs) process.kill(process.pid, signal);
  });
}

function onBeforeExit(): void {
  void sayFarewell();
}

async function sayFarewell(): Promise<void> {
  await Promise.allSettled([...farewells].map((farewell) => farewell()));
}
