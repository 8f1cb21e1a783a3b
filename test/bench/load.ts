import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** What the harness asks of a client process: one JSON line on its standard input. */
export interface RoundRequest {
  inFlight: number;
  seconds: number;
}

/** What was measured in one round: one JSON line on the client's standard output. */
export interface Round {
  perSecond: number;
  errors: number;
  firstError?: string;
}

/** One call of a contender: bytes in, the same bytes back. */
export type EchoCall = (data: Buffer) => PromiseLike<Uint8Array>;

const payload = Buffer.from("0123456789abcdef");

/**
 * Turns a process into a client of the harness: it waits until the echo works, says `ready`, and runs the rounds that it is asked for.
 *
 * Every contender is driven by this one loop with this one payload, so that a difference between two figures is theirs.
 */
export async function serveRounds(call: EchoCall): Promise<void> {
  await untilEchoed(call);
  process.stdout.write("ready\n");
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await runRound(call, JSON.parse(line) as RoundRequest))}\n`);
  }
  // The harness is gone: open sockets must not keep its client alive.
  process.exit();
}

/** A closed loop: `inFlight` callers, each with one call under way. */
async function runRound(call: EchoCall, { inFlight, seconds }: RoundRequest): Promise<Round> {
  let calls = 0;
  let errors = 0;
  let firstError = "";
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const caller = async (): Promise<void> => {
    try {
      check(await call(payload), true);
      for (calls++; performance.now() < endsAt; calls++) check(await call(payload), false);
    } catch (error) {
      // A caller stops at its first error: the round is void already, and failing fast in a loop would only heat the machine.
      errors++;
      firstError ||= String(error);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const perSecond = calls / ((performance.now() - startedAt) / 1000);
  return errors > 0 ? { perSecond, errors, firstError } : { perSecond, errors };
}

/** Every answer must have the right length; comparing all bytes of the first of each caller finds answers that were mixed up. */
function check(answer: Uint8Array, wholly: boolean): void {
  if (answer.byteLength !== payload.byteLength) throw new Error(`an answer of ${answer.byteLength} bytes`);
  if (wholly && !payload.equals(answer)) throw new Error(`another answer than was sent: ${Buffer.from(answer).toString("hex")}`);
}

async function untilEchoed(call: EchoCall): Promise<void> {
  const givesUpAt = performance.now() + 10_000;
  for (;;) {
    try {
      check(await call(payload), true);
      return;
    } catch (error) {
      if (performance.now() > givesUpAt) throw error;
      await sleep(50);
    }
  }
}
