import { describe, expect, test } from 'vitest';
import { LINK_SILENCE_MS } from '../../../firmware/limits.js';
import { dirtyGrains, holding, letGo, writesVolume } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';
import type { PairSide } from '../support/pair-side.js';

const GRAIN = 4096;

/** A live pair whose grain 6 holds ones, durably and unmarked. */
function quietPair(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(6 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  return pair;
}

const durableByte = (side: PairSide, offsetBytes: number): number | undefined => side.durableByte(offsetBytes);

test('rule 4: a completed FUA write is durable on both cards while they are live', () => {
  const pair = quietPair();
  pair.finish(pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7), true));
  expect(pair.sides.map((side) => durableByte(side, 6 * GRAIN))).toEqual([7, 7]);
});

test('rule 4: a completed flush makes every write before it durable on both cards', () => {
  const pair = quietPair();
  pair.finish(pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7)));
  expect(pair.sides.map((side) => durableByte(side, 6 * GRAIN))).toEqual([1, 1]);
  pair.finish(pair.primary.flush());
  expect(pair.sides.map((side) => durableByte(side, 6 * GRAIN))).toEqual([7, 7]);
});

test('rule 4: no write completes before the secondary has it', () => {
  const pair = quietPair();
  holding(pair.secondary, writesVolume);
  const written = pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7));
  pair.settle();
  expect(written.ended).toBe(false);
  letGo(pair.secondary);
  pair.finish(written);
});

const LINE_FAULTS = [
  ['is cut and both cards see it', (pair: Pair) => { pair.wire.cut(); }],
  ['is cut and nobody sees it', (pair: Pair) => { pair.wire.cut(true); }],
  ['takes no more frames of the primary', (pair: Pair) => { pair.wire.stalled.add('P'); }],
  ['takes no more frames of the secondary', (pair: Pair) => { pair.wire.stalled.add('S'); }],
  ['takes no frame at all', (pair: Pair) => { pair.wire.stalled.add('P').add('S'); }],
  ['loses every frame of the secondary', (pair: Pair) => { pair.wire.fault = ({ from }) => (from === 'S' ? 'drop' : 'deliver'); }],
] as const;

/** Within twice the silence that makes a line lost: one side may have to fall silent first. */
const LIMIT_MS = 2 * LINK_SILENCE_MS + 1000;

describe.each(LINE_FAULTS)('rule 4: when the line %s', (_what, fault) => {
  test.each([
    ['a FUA write', (pair: Pair) => pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7), true)],
    ['a flush behind a write', (pair: Pair) => pair.primary.flush()],
    ['a write-zeroes', (pair: Pair) => pair.primary.zero(6 * GRAIN, 512, true)],
  ] as const)('rule 4: %s completes within the link timeout, durable here and marked', (_kind, issue) => {
    const pair = quietPair();
    // In intent already, and not yet durable anywhere.
    pair.finish(pair.primary.write(8 * GRAIN, new Uint8Array(512).fill(5)));
    fault(pair);
    const running = issue(pair);
    pair.until('the command ends', () => running.ended, LIMIT_MS);
    running.result();
    pair.until('the session is over', () => pair.primary.components.primary.session === undefined, LIMIT_MS);
    expect(dirtyGrains(pair.primary)).toContain(8);
    expect(pair.uncoveredGrains()).toEqual([]);
    expect(pair.primary.status().grainsInIntent).toBe(0n);
    pair.wire.stalled.clear();
    pair.wire.fault = undefined;
    pair.wire.restore();
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });

  test('rule 4: writes from then on are tracked, and no bit is dropped', () => {
    const pair = quietPair();
    fault(pair);
    pair.until('the session is over', () => pair.primary.components.primary.session === undefined, LIMIT_MS);
    for (const grain of [10, 11, 20]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(512).fill(grain), true));
    expect(dirtyGrains(pair.primary)).toEqual([10, 11, 20]);
  });
});

test('rule 4: a write that the secondary\'s disk refuses is tracked, and copied when the disk is well again', () => {
  const pair = quietPair();
  pair.secondary.board.power.intercept = (operation) => (writesVolume(operation) ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined);
  pair.finish(pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7), true));
  expect([dirtyGrains(pair.primary), durableByte(pair.primary, 6 * GRAIN)]).toEqual([[6], 7]);
  expect(pair.primary.status().linkDetail).toContain('failed to apply');
  pair.secondary.board.power.intercept = undefined;
  pair.untilSwept();
  expect([pair.differingGrains(), dirtyGrains(pair.primary)]).toEqual([[], []]);
});

test('rule 4: a write that the primary\'s own disk refuses fails, and the grain is copied anew', () => {
  const pair = quietPair();
  let bad = true;
  pair.primary.board.power.intercept = (operation) => (bad && writesVolume(operation) ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined);
  const written = pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(7));
  pair.settle();
  bad = false;
  expect(() => { written.result(); }).toThrow('a bad sector');
  expect(dirtyGrains(pair.primary)).toEqual([6]);
  pair.untilSwept();
  expect([pair.differingGrains(), durableByte(pair.secondary, 6 * GRAIN)]).toEqual([[], 1]);
});

test('rule 4: a flush that the primary\'s own disk refuses fails', () => {
  const pair = quietPair();
  pair.primary.board.power.intercept = (operation) => (operation.part === 'volume' && operation.kind === 'flush' ? { part: 'disk', kind: 'io', text: 'the cache is gone' } : undefined);
  const flushed = pair.primary.flush();
  pair.settle();
  expect(() => { flushed.result(); }).toThrow('the cache is gone');
});
