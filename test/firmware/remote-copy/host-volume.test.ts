import { expect, test } from 'vitest';
import { ZERO_PART_GRAINS } from '../../../firmware/limits.js';
import { dirtyGrains } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';

const GRAIN = 4096;

test('a standalone card tracks nothing', () => {
  const pair = new Pair();
  pair.finish(pair.primary.write(0, new Uint8Array(3 * GRAIN).fill(1), true));
  pair.finish(pair.primary.zero(0, GRAIN));
  expect(dirtyGrains(pair.primary)).toEqual([]);
});

test('a primary without a link tracks each write, flush and read aside', () => {
  const pair = new Pair();
  pair.establish();
  pair.finish(pair.primary.write(GRAIN - 512, new Uint8Array(1024).fill(1)));
  pair.finish(pair.primary.zero(9 * GRAIN, 2 * GRAIN));
  pair.finish(pair.primary.flush());
  pair.finish(pair.primary.read(20 * GRAIN, new Uint8Array(512)));
  expect(dirtyGrains(pair.primary)).toEqual([0, 1, 9, 10]);
});

test('a live primary mirrors writes, zeroes and flushes, and the secondary holds the same', () => {
  const pair = livePair();
  pair.wire.sent = [];
  pair.finish(pair.primary.write(0, new Uint8Array(3 * GRAIN).fill(1)));
  pair.finish(pair.primary.zero(GRAIN, 512));
  pair.finish(pair.primary.flush());
  expect(pair.wire.sent.filter(({ from, case: kind }) => from === 'P' && kind !== 'heartbeat').map((frame) => frame.case)).toEqual(['mirrorWrite', 'mirrorZero', 'mirrorFlush']);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('a write over a grain that is out-of-sync and one that is not ends alike on both cards', () => {
  const pair = livePair({ maxPayloadBytes: GRAIN });
  pair.wire.cut();
  pair.finish(pair.primary.write(0, new Uint8Array(200 * GRAIN).fill(1)));
  pair.wire.restore();
  while (pair.primary.status().grainsOutOfSync > 150n) {
    if (!pair.move()) pair.pass(50);
  }
  // In the middle of it: the end of the volume is in sync, what lies before is not yet.
  pair.finish(pair.primary.write(199 * GRAIN, new Uint8Array(2 * GRAIN).fill(2)));
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[200 * GRAIN]]).toEqual([[], 2]);
});

test('a long write-zeroes crosses in parts, and keeps its whole range from later writes', () => {
  const geometry = { sizeBytes: 16 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 };
  const pair = livePair({ geometry });
  pair.finish(pair.primary.write(0, new Uint8Array(8 * GRAIN).fill(1)));
  pair.wire.sent = [];
  const zeroed = pair.primary.zero(512, 16 * 1024 * 1024 - 1024);
  const written = pair.primary.write(15 * 1024 * 1024, new Uint8Array(512).fill(7));
  pair.finish(zeroed);
  pair.finish(written);
  const kinds = pair.wire.sent.map((frame) => frame.case).filter((kind) => kind === 'mirrorZero' || kind === 'mirrorWrite');
  expect(kinds.slice(0, 5)).toEqual(['mirrorZero', 'mirrorZero', 'mirrorZero', 'mirrorZero', 'mirrorWrite']);
  expect(ZERO_PART_GRAINS * GRAIN * 4).toBe(16 * 1024 * 1024);
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([pair.differingGrains(), volume[0], volume[511], volume[512], volume[15 * 1024 * 1024]]).toEqual([[], 1, 1, 0, 7]);
});

test('a long FUA write-zeroes whose line is lost half-way is marked where the secondary may lack it', () => {
  const geometry = { sizeBytes: 16 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 };
  const pair = livePair({ geometry });
  pair.finish(pair.primary.write(0, new Uint8Array(64 * GRAIN).fill(1), true));
  pair.finish(pair.primary.write(12 * 1024 * 1024, new Uint8Array(64 * GRAIN).fill(1), true));
  pair.untilSwept();
  let zeroes = 0;
  pair.wire.fault = (frame) => {
    if (frame.decode().body.case === 'mirrorZero') zeroes += 1;
    if (zeroes === 3) pair.wire.cut();
    return 'deliver';
  };
  pair.finish(pair.primary.zero(0, 16 * 1024 * 1024, true));
  expect([zeroes, pair.uncoveredGrains(), dirtyGrains(pair.primary).includes(3072)]).toEqual([3, [], true]);
  pair.wire.fault = undefined;
  pair.wire.restore();
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});
