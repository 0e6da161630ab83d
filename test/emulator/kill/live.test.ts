import { describe, expect, it } from 'vitest';
import { formatPair, goLive } from './live-pair.js';
import { isSynchronized, type Pair } from './pair.js';
import { scenario } from './scenario.js';
import { KILL_TEST_MS, KILLS_EACH, TRIES_EACH } from './settings.js';
import { namesOf, victims } from './victims.js';

/** Until the kill, and how long a killed card is away. */
const MOST_WAIT_MS = 250;

describe('SIGKILL while the pair is live', () => {
  it(`rules 4, 9, 11 and 13: the pair converges each time, with every acknowledged write there, ${String(KILLS_EACH)} times at least`, async () => {
    await scenario(formatPair, async (pair, directory) => {
      await goLive(pair, directory);
      const nextVictims = victims(pair);
      for (let tries = 0; pair.kills.of('live') < KILLS_EACH; tries += 1) {
        expect(tries, 'kills that missed their phase').toBeLessThan(KILLS_EACH * TRIES_EACH);
        await pair.pause(MOST_WAIT_MS);
        const cards = nextVictims();
        await killLive(pair, cards);
        await pair.pause(MOST_WAIT_MS);
        await Promise.all(cards.map((card) => pair.switchOn(card)));
        await pair.untilSynchronized();
        await pair.mustHoldEverything();
      }
      await pair.endAndCompare();
    });
  }, KILL_TEST_MS);
});

async function killLive(pair: Pair, cards: Parameters<Pair['kill']>[0]): Promise<void> {
  const statuses = await pair.statuses();
  const live = statuses.every(isSynchronized);
  const { inFlight } = pair.host;
  const killed = pair.kill(cards);
  if (live && inFlight > 0) pair.kills.hit('live', `${namesOf(cards)}, with ${String(inFlight)} commands in flight`);
  else pair.kills.tell(`missed: ${namesOf(cards)} were to be killed live`);
  await killed;
}
