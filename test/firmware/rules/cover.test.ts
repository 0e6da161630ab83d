import { describe, expect, test } from 'vitest';
import { chaos, type ChaosOptions } from '../support/chaos.js';
import { dirtyGrains } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';

const GRAIN = 4096;

/**
 * While hosts write, parts answer late and in any order. After each effect on either card it is checked that a cut
 * at that instant would find every difference marked; after each cut too. In the end the pair has to converge.
 */
describe('rule 1: every grain that could differ is marked, at every effect', () => {
  test.each<[string, number, ChaosOptions]>([
    ['while the primary loses power', 10, { cuts: ['primary'] }],
    ['while the secondary loses power', 10, { cuts: ['secondary'] }],
    ['while both lose power', 12, { cuts: ['primary', 'secondary'] }],
    ['while the line comes and goes', 10, { lineFaults: true }],
    ['while operators stop, start, disconnect and connect', 10, { operators: true, lineFaults: true }],
    ['while operators split the pair, and give up what the secondary\'s hosts wrote', 12, { cuts: ['secondary'], forks: true, lineFaults: true }],
    ['while all of it happens', 12, { cuts: ['primary', 'secondary'], operators: true, forks: true, lineFaults: true, steps: 120 }],
  ])('rule 1: %s', (_what, seeds, options) => {
    for (let seed = 1; seed <= seeds; seed += 1) chaos({ seed, ...options });
  });
});

test('rule 1: chaos does cut, in every phase', () => {
  let cuts = 0;
  for (let seed = 50; seed < 54; seed += 1) cuts += chaos({ seed, cuts: ['primary', 'secondary'], steps: 120 }).cuts;
  expect(cuts).toBeGreaterThan(8);
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
    side.board.power.cutAfter(cutAfter);
    pair.secondary.admin({ case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
    pair.settle();
    side.board.power.cutAfter(Number.POSITIVE_INFINITY);
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
  pair.secondary.board.volume.fill(3 * GRAIN + 100, new Uint8Array([9]));
  expect(pair.uncoveredGrains()).toEqual([3]);
});
