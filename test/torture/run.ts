import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../emulator/simulation/random.js';
import { comeToRest, endAndCompare } from './calm.js';
import { Misfortune } from './misfortune.js';
import { Operator } from './operator.js';
import { LOOK_LEAST_MS, LOOK_MOST_MS, ROUND_LEAST_MS, ROUND_MOST_MS } from './settings.js';
import type { TorturedPair } from './tortured-pair.js';

const MISFORTUNE_STREAM = 2;
const OPERATOR_STREAM = 3;
/** Rounds that begin with a relationship dissolved. */
const ANEW_CHANCE = 0.5;

/**
 * Tortures a pair, in rounds: misfortune, then a calm in which it has to come to rest, and both volumes have to be as
 * hosts were told.
 * @param directory for media.
 * @throws whatever did not hold.
 */
export async function torture(pair: TorturedPair, directory: string, seed: number, durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs;
  const random = new Random(seed, MISFORTUNE_STREAM);
  const operator = new Operator(pair, directory, new Random(seed, OPERATOR_STREAM));
  await pair.orFail(pair.begin());
  do {
    if (random.chance(ANEW_CHANCE) && pair.tally.of('establishments') > 0) await pair.orFail(operator.beginAnew());
    await strike(pair, operator, new Misfortune(pair, random), Math.min(random.between(ROUND_LEAST_MS, ROUND_MOST_MS), endMs - performance.now()));
    await comeToRest(pair, operator);
    pair.host.resume();
  } while (performance.now() < endMs);
  await comeToRest(pair, operator);
  await endAndCompare(pair);
}

/** Misfortune, while an operator goes on as if there were none. */
async function strike(pair: TorturedPair, operator: Operator, misfortune: Misfortune, durationMs: number): Promise<void> {
  const over = new AbortController();
  const operating = operate(operator, over.signal);
  pair.failsWith(operating);
  try {
    await misfortune.strikeFor(durationMs);
  } finally {
    over.abort();
  }
  await pair.orFail(operating);
}

async function operate(operator: Operator, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await operator.step(false);
    await delay(operator.random.between(LOOK_LEAST_MS, LOOK_MOST_MS));
  }
}
