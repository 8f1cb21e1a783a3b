/** One measured round. */
export interface Round {
  callsPerSecond: number;
  errors: number;
  firstError?: string;
}

/** What the harness asks of a client process. */
export interface RoundRequest {
  inFlight: number;
  seconds: number;
}

/** Sixteen bytes, the same for every contender. */
export const payload = "0123456789abcdef";

/**
 * Turns a process into a client of the harness: it warms `call` up, checks one answer, and runs the rounds it is asked for.
 *
 * A closed loop: `inFlight` callers, each with one call under way. A round with errors is reported as such and counts for nothing.
 */
export async function serveRounds(call: () => PromiseLike<unknown>, isRight: (answer: unknown) => boolean): Promise<void> {
  const answer = await call();
  if (!isRight(answer)) throw new Error(`the echo came back wrong: ${String(answer)}`);
  process.on("message", (request: RoundRequest) => void run(request).then((round) => process.send?.(round)));
  process.send?.("ready");

  async function run({ inFlight, seconds }: RoundRequest): Promise<Round> {
    let calls = 0;
    let errors = 0;
    let firstError = "";
    const startedAt = performance.now();
    const end = startedAt + seconds * 1000;
    const caller = async (): Promise<void> => {
      while (performance.now() < end) {
        try {
          await call();
          calls++;
        } catch (error) {
          errors++;
          firstError ||= String(error);
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    return { callsPerSecond: calls / ((performance.now() - startedAt) / 1000), errors, firstError };
  }
}
