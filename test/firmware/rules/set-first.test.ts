import { describe, expect, test } from 'vitest';
import { dirtyGrains, holding, letGo, persists, writesVolume } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';

const GRAIN = 4096;

/** A live pair in which grain 2 is written, so that later writes need no whole-grain lock; what was sent so far is forgotten. */
function livePairWithGrain(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(2 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.wire.sent = [];
  return pair;
}

const mirrored = (pair: Pair): number => pair.wire.sent.filter((frame) => frame.case === 'mirrorWrite' || frame.case === 'mirrorZero').length;

describe.each([
  ['a write', (pair: Pair) => pair.primary.write(2 * GRAIN + 512, new Uint8Array(512).fill(2))],
  ['a FUA write', (pair: Pair) => pair.primary.write(2 * GRAIN + 512, new Uint8Array(512).fill(2), true)],
  ['a write-zeroes or discard', (pair: Pair) => pair.primary.zero(2 * GRAIN, 512)],
] as const)('rule 2: %s', (_what, issue) => {
  test('rule 2: reaches neither the disk nor the peer before its bit is durable', () => {
    const pair = livePairWithGrain();
    const { dirty } = pair.primary.durable.layout;
    const seen = holding(pair.primary, (operation) => persists(operation, dirty));
    const written = issue(pair);
    pair.settle();
    expect(seen.filter((operation) => persists(operation, dirty))).toHaveLength(1);
    expect([seen.filter(writesVolume).length, mirrored(pair), written.ended]).toEqual([0, 0, false]);
    letGo(pair.primary);
    pair.finish(written);
    expect([mirrored(pair), dirtyGrains(pair.primary)]).toEqual([1, [2]]);
  });
});

test('rule 2: a write does not rely on a bit that another write has set and not yet made durable', () => {
  const pair = livePairWithGrain();
  const { dirty } = pair.primary.durable.layout;
  const seen = holding(pair.primary, (operation) => persists(operation, dirty));
  const first = pair.primary.write(2 * GRAIN, new Uint8Array(512).fill(2));
  const second = pair.primary.write(2 * GRAIN + 512, new Uint8Array(512).fill(3));
  pair.settle();
  expect([seen.filter(writesVolume).length, mirrored(pair)]).toEqual([0, 0]);
  // The second write's own persist alone does not help the first, nor the other way round.
  pair.primary.board.power.releaseOne();
  pair.settle();
  expect(seen.filter(writesVolume)).toHaveLength(1);
  letGo(pair.primary);
  pair.finish(first);
  pair.finish(second);
});

test('rule 2: a write that is only tracked sets its bit first too', () => {
  const pair = new Pair();
  pair.establish();
  const { dirty } = pair.primary.durable.layout;
  const seen = holding(pair.primary, (operation) => persists(operation, dirty));
  const written = pair.primary.write(7 * GRAIN, new Uint8Array(512).fill(2));
  pair.settle();
  expect(seen.filter(writesVolume)).toEqual([]);
  letGo(pair.primary);
  pair.finish(written);
  expect(dirtyGrains(pair.primary)).toEqual([7]);
});

test('rule 2: a write whose bit cannot be made durable fails, and touches neither disk nor peer', () => {
  const pair = livePairWithGrain();
  const { dirty } = pair.primary.durable.layout;
  const { power } = pair.primary.board;
  let wrote = 0;
  power.intercept = (operation) => {
    if (writesVolume(operation)) wrote += 1;
    return persists(operation, dirty) ? { part: 'nvram', kind: 'io', text: 'NVRAM refuses' } : undefined;
  };
  const written = pair.primary.write(2 * GRAIN, new Uint8Array(512).fill(9));
  pair.settle();
  expect(() => { written.result(); }).toThrow('NVRAM refuses');
  expect([wrote, mirrored(pair)]).toEqual([0, 0]);
  power.intercept = undefined;
  pair.untilSynchronized();
  expect([pair.differingGrains(), dirtyGrains(pair.primary)]).toEqual([[], []]);
});
