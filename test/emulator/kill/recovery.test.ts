import { describe, expect, it } from 'vitest';
import { enumWord } from '../../../emulator/cli/enum-words.js';
import { RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import { BULK, formatPair, goLive } from './live-pair.js';
import type { Pair } from './pair.js';
import { scenario } from './scenario.js';
import { KILL_TEST_MS, KILLS_EACH, TRIES_EACH } from './settings.js';
import { fill } from './transfer.js';
import { namesOf, victims } from './victims.js';

/** From the moment at which a card that comes back has its NVRAM open until it is killed again. */
const MOST_WAIT_MS = 150;
/** How often in a row. */
const MOST_KILLS_IN_A_ROW = 3;

describe('SIGKILL while a card is recovering', () => {
  it(`rules 9, 11, 13, 14 and 18: the pair converges each time, with every acknowledged write there, ${String(KILLS_EACH)} times at least`, async () => {
    await scenario(formatPair, async (pair, directory) => {
      await goLive(pair, directory);
      const nextVictims = victims(pair);
      for (let tries = 0; pair.kills.of('recovery') < KILLS_EACH; tries += 1) {
        expect(tries, 'kills that missed their phase').toBeLessThan(KILLS_EACH * TRIES_EACH);
        await pair.pause(MOST_WAIT_MS);
        await pair.kill(nextVictims());
        const times = 1 + pair.random(MOST_KILLS_IN_A_ROW);
        for (let time = 0; time < times; time += 1) await comeBackAndDie(pair, nextVictims());
        await comeBack(pair);
        await pair.untilSynchronized();
        await pair.mustHoldEverything();
      }
      await pair.endAndCompare();
    });
  }, KILL_TEST_MS);
});

/** Whatever is off is switched on, and killed again while the pair recovers; now and then the one that was on is. */
async function comeBackAndDie(pair: Pair, cards: readonly CardInProcess[]): Promise<void> {
  const coming = switchOnAll(pair);
  await Promise.all(coming.map((card) => card.recovering()));
  // The host goes on as soon as its card is back; a card that is killed before is no failure.
  const serving = Promise.all(coming.map((card) => pair.serve(card))).catch(() => undefined);
  if (!coming.includes(pair.primary)) await makeDirty(pair);
  await pair.pause(MOST_WAIT_MS);
  const states = await Promise.all([pair.primary, pair.secondary].map(stateOf));
  const killed = pair.kill(cards);
  const at = states.join(' and ');
  if (states.some((state) => state !== SYNCHRONIZED)) pair.kills.hit('recovery', `${namesOf(cards)}; primary and secondary were ${at}`);
  else pair.kills.tell(`missed: ${namesOf(cards)} were to be killed while recovering`);
  await killed;
  await serving;
}

/** So that something is left to resynchronize. */
async function makeDirty(pair: Pair): Promise<void> {
  await pair.orFail(fill(pair.primary.driver, pair.model, BULK));
}

async function comeBack(pair: Pair): Promise<void> {
  await Promise.all(switchOnAll(pair).map((card) => pair.serve(card)));
}

function switchOnAll({ primary, secondary }: Pair): CardInProcess[] {
  const off = [primary, secondary].filter(({ on }) => !on);
  for (const card of off) card.switchOn();
  return off;
}

const SYNCHRONIZED = enumWord(RelationshipState, RelationshipState.CONSISTENT_SYNCHRONIZED);

async function stateOf(card: CardInProcess): Promise<string> {
  if (!card.serves) return 'booting';
  return enumWord(RelationshipState, (await card.driver.status()).state);
}
