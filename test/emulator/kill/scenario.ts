import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomNumbers } from '../../host-driver/test-data.js';
import { killAllCards } from '../processes/card-in-process.js';
import type { Random } from './host.js';
import type { Pair } from './pair.js';

/** Set it to repeat the choices of a run that failed. The moments of the kills are the machine's all the same. */
const SEED_VARIABLE = 'GRAINLINK_KILL_SEED';
const LAST_WORDS_MS = 500;

/**
 * Runs a scenario in a directory of its own. However it ends, no process and no file is left; a failure tells
 * the seed, the kills so far, and what both cards say.
 */
export async function scenario(make: (directory: string, random: Random) => Promise<Pair>, run: (pair: Pair, directory: string) => Promise<void>): Promise<void> {
  const seed = Number(process.env[SEED_VARIABLE] ?? randomInt(2 ** 31));
  const directory = await mkdtemp(join(tmpdir(), 'grainlink-kill-'));
  let pair: Pair | undefined;
  let running: Promise<void> | undefined;
  try {
    pair = await make(directory, randomNumbers(seed));
    running = run(pair, directory);
    await pair.orFail(running);
    const { acknowledged, lost } = pair.host.counts;
    console.log(`kills: ${pair.kills.summary}; host commands acknowledged: ${String(acknowledged)}, without an answer: ${String(lost)}; ${SEED_VARIABLE}=${String(seed)}`);
  } catch (error) {
    // A card that ends by itself is noticed by its lost connection first, but its log says why.
    await delay(LAST_WORDS_MS);
    console.error(`${SEED_VARIABLE}=${String(seed)}\n${(await pair?.report()) ?? ''}`);
    throw error;
  } finally {
    await killAllCards();
    // Without cards it ends soon; it must not switch on another one when this has returned.
    await running?.catch(() => undefined);
    await killAllCards();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
