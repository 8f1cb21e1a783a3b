import { createServer, type Server } from "node:net";
import { onTestFinished } from "vitest";

/** Whoever listens here has the gate's default ports (9000, 5555, 50051) to itself, in whichever process its test runs. */
const turnstile = 49_151;

/** Waits until no other test uses the gate's default ports, and has them until the test is over. */
export async function defaultPorts(): Promise<void> {
  for (;;) {
    const server = await listen();
    if (server !== undefined) {
      onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function listen(): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(turnstile, "127.0.0.1", () => resolve(server));
  });
}
