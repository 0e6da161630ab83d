import { expect, test } from 'vitest';
import { dirtyGrains, flushesVolume, holding, letGo, writesVolume } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';

const GRAIN = 4096;

/** A pair that was live, with the line cut and grain 3 written meanwhile; the line is back, and nothing has moved. */
function pairWithOneDirtyGrain(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.wire.cut();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(2), true));
  pair.wire.restore();
  return pair;
}

test('rule 3: a synchronized grain stays marked until it is durable at the secondary', () => {
  const pair = pairWithOneDirtyGrain();
  const seen = holding(pair.secondary, flushesVolume);
  pair.pass(3000);
  expect([pair.secondary.volume()[3 * GRAIN], seen.some(flushesVolume)]).toEqual([2, true]);
  expect([dirtyGrains(pair.primary), pair.synchronized]).toEqual([[3], false]);
  letGo(pair.secondary);
  pair.untilSynchronized();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: a synchronized grain stays marked until it is durable at the primary, its source', () => {
  const pair = livePair();
  pair.wire.cut();
  // Not flushed: what the secondary gets may be lost here.
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(2)));
  pair.wire.restore();
  holding(pair.primary, flushesVolume);
  pair.pass(3000);
  expect(pair.wire.sent.some((frame) => frame.from === 'S' && frame.case === 'barrierDone')).toBe(true);
  expect(dirtyGrains(pair.primary)).toEqual([3]);
  letGo(pair.primary);
  pair.untilSynchronized();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: sent is not acknowledged: a grain whose acknowledgement is lost with the line stays marked', () => {
  const pair = pairWithOneDirtyGrain();
  pair.wire.fault = (frame) => (frame.from === 'S' && frame.decode().body.case === 'barrierDone' ? 'hold' : 'deliver');
  pair.until('the acknowledgement is on its way', () => pair.wire.heldFrames.length === 1);
  expect(pair.secondary.durableByte(3 * GRAIN)).toBe(2);
  expect(dirtyGrains(pair.primary)).toEqual([3]);
  pair.wire.cut();
  pair.settle();
  expect(dirtyGrains(pair.primary)).toEqual([3]);
  pair.wire.fault = undefined;
  pair.wire.restore();
  pair.untilSynchronized();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: the host\'s completion clears nothing: an intent waits for a flush of both cards', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(1), true));
  expect([dirtyGrains(pair.primary), pair.primary.status().grainsInIntent, pair.primary.status().grainsOutOfSync]).toEqual([[5], 1n, 0n]);
  holding(pair.secondary, flushesVolume);
  pair.pass(2000);
  expect(dirtyGrains(pair.primary)).toEqual([5]);
  letGo(pair.secondary);
  pair.untilSwept();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: an intent waits for the primary\'s own flush, however soon the secondary\'s is acknowledged', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(2)));
  holding(pair.primary, flushesVolume);
  pair.wire.sent = [];
  pair.pass(2000);
  expect(pair.wire.sent.some((frame) => frame.from === 'S' && frame.case === 'mirrorDone')).toBe(true);
  expect(dirtyGrains(pair.primary)).toEqual([5]);
  letGo(pair.primary);
  pair.untilSwept();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: an intent is not cleared by a flush that a newer write of the grain does not stand behind', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(1), true));
  holding(pair.secondary, flushesVolume);
  pair.until('the sweep waits for the secondary', () => pair.secondary.board.power.held.length > 0);
  // Newer than the flush under way; complete before it ends.
  pair.finish(pair.primary.write(5 * GRAIN + 512, new Uint8Array(512).fill(2)));
  pair.secondary.board.power.release();
  pair.settle();
  expect(dirtyGrains(pair.primary)).toEqual([5]);
  letGo(pair.secondary);
  pair.untilSwept();
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('rule 3: an intent is not cleared while an older write of the grain is in flight', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  holding(pair.secondary, (operation) => writesVolume(operation) && operation.offsetBytes === 5 * GRAIN);
  const older = pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(2));
  pair.finish(pair.primary.write(5 * GRAIN + 512, new Uint8Array(512).fill(3), true));
  pair.pass(2000);
  expect([older.ended, dirtyGrains(pair.primary)]).toEqual([false, [5]]);
  letGo(pair.secondary);
  pair.finish(older);
  pair.untilSwept();
  expect([pair.differingGrains(), dirtyGrains(pair.primary)]).toEqual([[], []]);
});

test('rule 3: an acknowledgement of an earlier session clears nothing', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(1), true));
  pair.wire.fault = (frame) => (frame.from === 'S' && frame.decode().body.case === 'mirrorDone' ? 'hold' : 'deliver');
  pair.pass(1000);
  expect(pair.wire.heldFrames.length).toBeGreaterThan(0);
  const [late] = pair.wire.heldFrames;
  pair.wire.cut();
  pair.settle();
  pair.wire.fault = (frame) => (frame.from === 'S' && frame.decode().body.case === 'barrierDone' ? 'hold' : 'deliver');
  pair.wire.restore();
  pair.pass(2000);
  if (late !== undefined) pair.wire.inject('S', late.bytes);
  pair.settle();
  expect(dirtyGrains(pair.primary)).toEqual([5]);
  pair.wire.fault = undefined;
  pair.wire.cut();
  pair.wire.restore();
  pair.untilSwept();
});

test('rule 3: sets round outward, and only a copy of the whole grain clears', () => {
  const pair = new Pair();
  pair.establish();
  pair.finish(pair.primary.write(2 * GRAIN - 512, new Uint8Array(1024).fill(1)));
  expect(dirtyGrains(pair.primary)).toEqual([1, 2]);
  pair.finish(pair.primary.zero(4 * GRAIN + 512, 512));
  expect(dirtyGrains(pair.primary)).toEqual([1, 2, 4]);
  pair.connect(true);
  pair.untilSynchronized();
  expect([dirtyGrains(pair.primary), pair.differingGrains()]).toEqual([[], []]);
});

test('rule 3: after a reboot every set bit is out-of-sync, an intent too', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(1)));
  pair.wire.cut();
  pair.reboot(pair.primary);
  expect([pair.primary.status().grainsInIntent, pair.primary.status().grainsOutOfSync]).toEqual([0n, 1n]);
});

test('rule 3: when the line is lost every intent is out-of-sync', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(512).fill(1)));
  pair.finish(pair.primary.write(9 * GRAIN, new Uint8Array(512).fill(1)));
  expect(pair.primary.status().grainsInIntent).toBe(2n);
  pair.wire.cut();
  pair.settle();
  expect([pair.primary.status().grainsInIntent, pair.primary.status().grainsOutOfSync]).toEqual([0n, 2n]);
});
