import type { Round, RoundRequest } from "./load.ts";
import type { Program } from "./process.ts";

const warmUpSeconds = 2;

/** How long and how often to measure. */
export interface Plan {
  rounds: number;
  seconds: number;
}

/** Something that can be measured for some seconds. */
export interface Contender {
  name: string;
  round(seconds: number): Promise<Round>;
}

/** The rounds of one contender: the figures of those that count, and what was wrong with those that do not. */
export interface Measured {
  valid: number[];
  errors: string[];
}

/** Asks a client process for one round. */
export async function askRound(client: Program, request: RoundRequest): Promise<Round> {
  return JSON.parse(await client.ask(JSON.stringify(request), request.seconds * 1000 + 10_000)) as Round;
}

/**
 * Measures contenders in turns (A B C, A B C, …) after two seconds each to warm up: a compiler that works while the program runs needs them.
 *
 * In turns, because a machine that is slow for some seconds must be slow for all of them.
 * A round with a failed call counts for nothing; it is reported, and the others still count.
 */
export async function takeTurns(contenders: readonly Contender[], { rounds, seconds }: Plan): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>(contenders.map(({ name }) => [name, { valid: [], errors: [] }]));
  for (const contender of contenders) await roundOf(contender, warmUpSeconds);
  for (let turn = 0; turn < rounds; turn++) {
    for (const contender of contenders) {
      const { perSecond, errors, firstError } = await roundOf(contender, seconds);
      if (errors === 0) measured.get(contender.name)?.valid.push(perSecond);
      else measured.get(contender.name)?.errors.push(`${errors} × ${firstError}`);
    }
  }
  return measured;
}

async function roundOf(contender: Contender, seconds: number): Promise<Round> {
  try {
    return await contender.round(seconds);
  } catch (error) {
    return { perSecond: 0, errors: 1, firstError: String(error) };
  }
}
