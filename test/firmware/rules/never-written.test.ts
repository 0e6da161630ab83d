import { expect, test } from 'vitest';
import { flushesVolume, holding, persists } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import { exportT0, load, carry, seededPair } from '../support/seeding.js';
import { durableOf } from '../support/contents.js';

const GRAIN = 4096;

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

test('rule 19: a formatted card reads as zeroes, whatever its disk held', () => {
  const pair = new Pair();
  const into = new Uint8Array(64 * 1024).fill(1);
  pair.finish(pair.primary.read(128 * 1024, into));
  expect([isZero(durableOf(pair.primary.board.volume)), isZero(into)]).toEqual([false, true]);
});

test('rule 19: the first write of a grain leaves zeroes around it, at the secondary too', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(3 * GRAIN + 512, new Uint8Array(512).fill(7), true));
  for (const side of pair.sides) {
    const grain = side.volume().subarray(3 * GRAIN, 4 * GRAIN);
    expect([isZero(grain.subarray(0, 512)), grain[512], isZero(grain.subarray(1024))]).toEqual([true, 7, true]);
  }
});

test('rule 19: the written bit comes after the grain is durable, zeroes included', () => {
  const pair = new Pair();
  const { written } = pair.primary.durable.layout;
  const seen = holding(pair.primary, flushesVolume);
  const first = pair.primary.write(3 * GRAIN + 512, new Uint8Array(512).fill(7));
  pair.settle();
  expect([seen.some((operation) => persists(operation, written)), first.ended]).toEqual([false, false]);
  pair.primary.board.power.release();
  pair.primary.board.power.intercept = undefined;
  pair.finish(first);
  expect(pair.primary.durable.isWritten(3)).toBe(true);
  // Without another flush: a cut now finds zeroes and the write, never what the disk held.
  pair.reboot(pair.primary, { keep: () => false });
  const grain = pair.primary.volume().subarray(3 * GRAIN, 4 * GRAIN);
  expect([isZero(grain.subarray(0, 512)), grain[512], isZero(grain.subarray(1024))]).toEqual([true, 7, true]);
});

test('rule 19: a cut at any effect of a first write never shows what the disk held', () => {
  for (const who of ['primary', 'secondary'] as const) {
    let effects = Number.POSITIVE_INFINITY;
    for (let cutAfter = 0; cutAfter < effects; cutAfter += 1) {
      const pair = livePair({ seed: cutAfter + 1 });
      const side = pair[who];
      const first = side.board.power.effects;
      side.board.cutAfter(cutAfter);
      // Over the ends of three grains, two of them touched in part.
      pair.primary.write(3 * GRAIN + 512, new Uint8Array(2 * GRAIN).fill(7), true);
      pair.settle();
      if (side.board.power.on) effects = side.board.power.effects - first;
      pair.reboot(side);
      expect(side.volume().every((byte) => byte === 0 || byte === 7)).toBe(true);
      pair.untilSwept();
      expect(pair.differingGrains()).toEqual([]);
    }
  }
});

test('rule 19: zeroes on a grain never written do not write it', () => {
  const pair = livePair();
  pair.finish(pair.primary.zero(0, 20 * GRAIN, true));
  expect(pair.sides.map((side) => side.status().grainsWritten)).toEqual([0n, 0n]);
});

test('rule 19: grains never written cross by a marker, onto whatever the secondary held', () => {
  const pair = new Pair();
  // The secondary held data of its own, known to its written map.
  pair.finish(pair.secondary.write(0, new Uint8Array(64 * GRAIN).fill(9), true));
  pair.finish(pair.primary.write(5 * GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.establish();
  pair.connect(true);
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([pair.differingGrains(), volume[5 * GRAIN], isZero(volume.subarray(0, 5 * GRAIN)), isZero(volume.subarray(6 * GRAIN))]).toEqual([[], 1, true, true]);
  expect(pair.wire.sent.filter((frame) => frame.case === 'grainData').reduce((sum, frame) => sum + frame.payloadBytes, 0)).toBe(GRAIN);
});

test('rule 19: grains never written at T0 read as zeroes on a seeded secondary', () => {
  const pair = seededPair();
  const volume = pair.secondary.volume();
  expect([pair.differingGrains(), isZero(volume.subarray(10 * GRAIN)), pair.secondary.status().grainsWritten]).toEqual([[], true, 10n]);
});

test('rule 19: a second load shows nothing of the first', () => {
  const pair = seededPair();
  pair.command(pair.primary, { case: 'dissolve', value: {} });
  pair.finish(pair.primary.zero(0, 10 * GRAIN));
  pair.establish(true);
  exportT0(pair, '/media/second');
  carry(pair.primary, pair.secondary, '/media/second');
  load(pair, pair.secondary, '/media/second');
  expect([pair.differingGrains(), isZero(pair.secondary.volume())]).toEqual([[], true]);
});
