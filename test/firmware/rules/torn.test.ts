import { describe, expect, test } from 'vitest';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { holding, dirtyGrains, writesVolume } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';

const GRAIN = 4096;

function livePairWithOnes(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(4 * GRAIN).fill(1), true));
  pair.untilSwept();
  return pair;
}

describe.each([
  ['old', (): boolean => false],
  ['new', (): boolean => true],
] as const)('rule 13: a cut of the primary that leaves a grain %s', (_what, keep) => {
  test('rule 13: finds its bit set, and both cards end alike', () => {
    const pair = livePairWithOnes();
    pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(2)));
    pair.primary.powerOff({ keep });
    expect([dirtyGrains(pair.primary), pair.uncoveredGrains()]).toEqual([[1], []]);
    pair.boot(pair.primary);
    pair.untilSwept();
    expect([pair.differingGrains(), pair.secondary.volume()[GRAIN]]).toEqual([[], keep() ? 2 : 1]);
  });
});

test('rule 13: a cut that leaves a grain mixed finds its bit set, and both cards end with the same mixture', () => {
  const pair = livePairWithOnes();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(2)));
  let block = 0;
  pair.primary.powerOff({ keep: () => (block++) % 2 === 0 });
  expect([dirtyGrains(pair.primary), pair.uncoveredGrains()]).toEqual([[1], []]);
  pair.boot(pair.primary);
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([volume[GRAIN], volume[GRAIN + BLOCK_BYTES], pair.differingGrains()]).toEqual([2, 1, []]);
});

test('rule 13: a secondary that is ahead by a write in flight is taken back', () => {
  const pair = livePairWithOnes();
  holding(pair.primary, writesVolume);
  const written = pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(2), true);
  pair.settle();
  expect([written.ended, pair.secondary.volume()[GRAIN]]).toEqual([false, 2]);
  pair.reboot(pair.primary, { keep: () => false });
  expect(dirtyGrains(pair.primary)).toEqual([1]);
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[GRAIN]]).toEqual([[], 1]);
});

test('rule 13: a secondary cut while it has unflushed writes gets them again', () => {
  const pair = livePairWithOnes();
  pair.finish(pair.primary.write(0, new Uint8Array(3 * GRAIN).fill(2)));
  pair.secondary.powerOff({ keep: () => false });
  expect(pair.uncoveredGrains()).toEqual([]);
  pair.boot(pair.secondary);
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[0]]).toEqual([[], 2]);
});
