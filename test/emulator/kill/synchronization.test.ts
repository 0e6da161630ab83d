import { describe, expect, it } from 'vitest';
import { type CardStatus, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import { BULK, formatPair, goLive, MORE_BULK } from './live-pair.js';
import { isSynchronized, type Pair } from './pair.js';
import { scenario } from './scenario.js';
import { KILL_TEST_MS, KILLS_EACH, TRIES_EACH } from './settings.js';
import { fill } from './transfer.js';
import { namesOf, victims } from './victims.js';

const MOST_AWAY_MS = 150;

describe('SIGKILL while the pair is synchronizing', () => {
  it(`rules 3, 10 to 13 and 16: the pair converges each time, with every acknowledged write there, ${String(KILLS_EACH)} times at least`, async () => {
    await scenario(formatPair, async (pair, directory) => {
      await goLive(pair, directory);
      const nextVictims = victims(pair);
      for (let tries = 0; pair.kills.of('synchronization') < KILLS_EACH; tries += 1) {
        expect(tries, 'kills that missed their phase').toBeLessThan(KILLS_EACH * TRIES_EACH);
        await startSynchronizing(pair);
        const cards = nextVictims();
        await killCopying(pair, cards);
        await pair.pause(MOST_AWAY_MS);
        await Promise.all(cards.map((card) => pair.switchOn(card)));
        await pair.untilSynchronized();
        await pair.mustHoldEverything();
      }
      await pair.endAndCompare();
    });
  }, KILL_TEST_MS);
});

/** Makes a good part of the volume out-of-sync, and has it copied again. */
async function startSynchronizing(pair: Pair): Promise<void> {
  const { primary, secondary, model } = pair;
  await secondary.driver.disconnectPeer();
  await pair.orFail(Promise.all([BULK, MORE_BULK].map((area) => fill(primary.driver, model, area))));
  await secondary.driver.connectPeer({ address: primary.peer });
}

/** Kills when the copy has come to a random point, or is done. */
async function killCopying(pair: Pair, cards: readonly CardInProcess[]): Promise<void> {
  const before = Number((await pair.primary.driver.status()).grainsOutOfSync);
  const target = pair.random(before + 1);
  let statuses = await pair.statuses();
  await pair.until('the pair copies', async () => {
    statuses = await pair.statuses();
    return statuses.some(isSynchronized) || (statuses.every(isCopying) && Number(statuses[0].grainsOutOfSync) <= target);
  });
  const killed = pair.kill(cards);
  const how = `${namesOf(cards)}, with ${String(statuses[0].grainsOutOfSync)} of ${String(before)} grains out-of-sync`;
  if (statuses.every(isCopying)) pair.kills.hit('synchronization', how);
  else pair.kills.tell(`missed: the copy was done before the kill of ${how}`);
  await killed;
}

function isCopying({ state }: CardStatus): boolean {
  return state === RelationshipState.INCONSISTENT_COPYING;
}
