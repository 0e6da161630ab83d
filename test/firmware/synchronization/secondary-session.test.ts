import { describe, expect, test } from 'vitest';
import { flushesVolume, holding, letGo, persists, writesVolume } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';

const GRAIN = 4096;

const sentBySecondary = (pair: Pair, kind: string): number => pair.wire.sent.filter((frame) => frame.from === 'S' && frame.case === kind).length;

/** A pair that was live, with grains 3 and 4 dirty: written at the primary, one never written at the secondary. */
function pairToSynchronize(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.wire.cut();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(2 * GRAIN).fill(2), true));
  pair.wire.restore();
  pair.wire.sent = [];
  return pair;
}

describe('a barrier is answered', () => {
  test('only when everything before it is durable', () => {
    const pair = pairToSynchronize();
    holding(pair.secondary, flushesVolume);
    pair.pass(2000);
    expect([sentBySecondary(pair, 'barrierDone'), pair.secondary.durable.isWritten(4)]).toEqual([0, false]);
    letGo(pair.secondary);
    pair.untilSynchronized();
    expect(sentBySecondary(pair, 'barrierDone')).toBe(1);
  });

  test('only when the written map is durable too', () => {
    const pair = pairToSynchronize();
    const { written } = pair.secondary.durable.layout;
    holding(pair.secondary, (operation) => persists(operation, written));
    pair.pass(2000);
    expect(sentBySecondary(pair, 'barrierDone')).toBe(0);
    letGo(pair.secondary);
    pair.untilSynchronized();
  });

  test('only when every piece before it has reached the disk, in whatever order', () => {
    const pair = pairToSynchronize();
    pair.wire.maxPayloadBytes = 1024;
    holding(pair.secondary, (operation) => writesVolume(operation) && operation.offsetBytes === 3 * GRAIN);
    pair.pass(2000);
    expect(sentBySecondary(pair, 'barrierDone')).toBe(0);
    letGo(pair.secondary);
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });
});

test('what is mirrored waits for the label, as what is synchronized does', () => {
  const pair = pairToSynchronize();
  const { controlBlocks } = pair.secondary.durable.layout;
  let commits = 0;
  const seen = holding(pair.secondary, (operation) => {
    if (persists(operation, controlBlocks[0])) commits += 1;
    return commits >= 2;
  });
  pair.until('the label is on its way', () => commits >= 2);
  const written = pair.primary.write(50 * GRAIN, new Uint8Array(512).fill(7));
  pair.settle();
  expect(pair.wire.sent.some((frame) => frame.case === 'mirrorWrite')).toBe(true);
  expect([seen.filter(writesVolume), written.ended]).toEqual([[], false]);
  letGo(pair.secondary);
  pair.finish(written);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('the end of a session lets go of what waited for the label', () => {
  const pair = pairToSynchronize();
  const { controlBlocks } = pair.secondary.durable.layout;
  let commits = 0;
  holding(pair.secondary, (operation) => {
    if (persists(operation, controlBlocks[0])) commits += 1;
    return commits >= 2;
  });
  pair.until('the label is on its way', () => commits >= 2);
  pair.wire.cut();
  pair.settle();
  letGo(pair.secondary);
  pair.wire.restore();
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('the status of the secondary shows what is still to come', () => {
  const pair = pairToSynchronize();
  holding(pair.secondary, flushesVolume);
  pair.pass(2000);
  expect(pair.secondary.status().grainsOutOfSync).toBe(2n);
  letGo(pair.secondary);
  pair.untilSynchronized();
  expect(pair.secondary.status().grainsOutOfSync).toBe(0n);
});
