import { describe, expect, test } from 'vitest';
import { addCounts } from '../../../emulator/simulation/marks.js';
import { type Life, live } from '../support/lives.js';
import { dirtyGrains } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';
import { fill } from '../support/contents.js';

const GRAIN = 4096;

/** Cuts that as few lives as these tests have come to at least. */
const CUTS = ['P while TRACKING', 'P while INCONSISTENT_COPYING', 'P while CONSISTENT_SYNCHRONIZED', 'S while SEEDED', 'S while INCONSISTENT_COPYING', 'S while CONSISTENT_SYNCHRONIZED'];

describe('rule 1: every grain that could differ is marked, at every event', () => {
  test.each<[string, Omit<Life, 'seed'>]>([
    ['while the primary loses power', { misfortunes: ['cutPrimary', 'cutMidWrite'] }],
    ['while the secondary loses power', { misfortunes: ['cutSecondary'] }],
    ['while both lose power', { misfortunes: ['cutPrimary', 'cutSecondary', 'cutBoth'] }],
    ['while the line comes and goes', { misfortunes: ['cutLine', 'stallLine', 'deafenLine'], faults: 'link' }],
    ['while operators stop, start, disconnect and connect', { misfortunes: ['meddle', 'cutLine'] }],
    ['while operators split the pair, and give up what the secondary\'s hosts wrote', { misfortunes: ['fork', 'cutSecondary', 'cutLine'] }],
    ['while all of it happens', { misfortunes: ['cutPrimary', 'cutSecondary', 'cutBoth', 'cutMidWrite', 'cutLine', 'meddle', 'fork'], faults: 'all' }],
  ])('rule 1: %s', (_what, life) => {
    for (let seed = 1; seed <= 8; seed += 1) live({ seed, ...life });
  });
});

test('rule 1: these lives do cut, in every phase', () => {
  const reached = new Map<string, number>();
  for (let seed = 1; seed <= 12; seed += 1) addCounts(reached, live({ seed, misfortunes: ['cutPrimary', 'cutSecondary', 'cutBoth'] }));
  expect([...reached.keys()]).toEqual(expect.arrayContaining(CUTS.map((cut) => `cut of ${cut}`)));
});

test('rule 1: between T0 and the first session the map is about T0', () => {
  const pair = seededPair({ watchCover: true });
  for (const grain of [2, 30, 31]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(7)));
  expect([dirtyGrains(pair.primary), pair.differingGrains(), pair.uncoveredGrains()]).toEqual([[2, 30, 31], [2, 30, 31], []]);
  pair.reboot(pair.primary);
  pair.reboot(pair.secondary);
  expect(pair.uncoveredGrains()).toEqual([]);
  pair.connect();
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 1: the conventional way takes the generation over only with everything marked', () => {
  for (let cutAfter = 0; cutAfter < 40; cutAfter += 2) {
    const pair = new Pair({ watchCover: true, seed: cutAfter + 1 });
    pair.finish(pair.primary.write(0, new Uint8Array(3 * GRAIN).fill(1), true));
    pair.establish();
    const side = cutAfter % 4 === 0 ? pair.primary : pair.secondary;
    side.board.cutAfter(cutAfter);
    pair.secondary.admin({ case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
    pair.settle();
    side.board.power.onEffect = undefined;
    side.powerOff();
    expect(pair.uncoveredGrains()).toEqual([]);
    pair.boot(side);
    if (!pair.secondary.status().connectWished) pair.connect(true);
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  }
});

test('rule 1: the check itself finds a difference that no bit marks', () => {
  const pair = livePair({ watchCover: true });
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  expect(pair.uncoveredGrains()).toEqual([]);
  fill(pair.secondary.board.volume, 3 * GRAIN + 100, new Uint8Array([9]));
  expect(pair.uncoveredGrains()).toEqual([3]);
});
