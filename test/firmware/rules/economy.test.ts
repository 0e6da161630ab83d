import { describe, expect, test } from 'vitest';
import { livePair, type Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';

const GRAIN = 4096;

/** What synchronization has put on the line since the last reset, in grains and in pieces. */
function sentBySynchronization(pair: Pair): { readonly dataBytes: number; readonly markers: number } {
  const { sent } = pair.wire;
  return {
    dataBytes: sent.filter((frame) => frame.case === 'grainData').reduce((sum, frame) => sum + frame.payloadBytes, 0),
    markers: sent.filter((frame) => frame.case === 'grainUnwritten').length,
  };
}

describe.each([256 * 1024, 1024])('rule 17: with frames of at most %i bytes', (maxPayloadBytes) => {
  test.each([0, 1, 7, 100])('rule 17: %i out-of-sync grains are as many grains sent', (count) => {
    const pair = livePair({ maxPayloadBytes });
    pair.wire.cut();
    // Scattered, twice each, and only a block of some.
    for (let i = 0; i < count; i += 1) {
      pair.finish(pair.primary.write(((i * 37) % 256) * GRAIN, new Uint8Array(i % 2 === 0 ? GRAIN : 512).fill(1)));
      pair.finish(pair.primary.write(((i * 37) % 256) * GRAIN, new Uint8Array(512).fill(2)));
    }
    const before = pair.primary.status().grainsSynchronized;
    pair.wire.sent = [];
    pair.wire.restore();
    pair.untilSwept();
    expect(pair.sides.map((side) => side.status().grainsSynchronized - before)).toEqual([BigInt(count), BigInt(count)]);
    expect(sentBySynchronization(pair)).toEqual({ dataBytes: count * GRAIN, markers: 0 });
    expect(pair.differingGrains()).toEqual([]);
  });
});

test('rule 17: a seeded pair sends what was written since T0, and no more', () => {
  const pair = seededPair();
  for (const grain of [0, 1, 2, 77]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(2)));
  pair.wire.sent = [];
  pair.connect();
  pair.untilSwept();
  expect([pair.primary.status().grainsSynchronized, sentBySynchronization(pair)]).toEqual([4n, { dataBytes: 4 * GRAIN, markers: 0 }]);
});

test('rule 17: a grain never written counts, and travels as a marker', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1)));
  // Zeroes where nothing was: tracked, and still never written.
  pair.finish(pair.primary.zero(10 * GRAIN, 5 * GRAIN));
  const before = pair.primary.status();
  pair.wire.sent = [];
  pair.wire.restore();
  pair.untilSwept();
  const { grainsSynchronized, markerGrainsSynchronized } = pair.primary.status();
  expect([grainsSynchronized - before.grainsSynchronized, markerGrainsSynchronized - before.markerGrainsSynchronized]).toEqual([6n, 5n]);
  expect(sentBySynchronization(pair)).toEqual({ dataBytes: GRAIN, markers: 1 });
});

test('rule 17: a pair in sync that finds itself again sends no grain', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(1)));
  pair.untilSwept();
  pair.wire.sent = [];
  pair.reboot(pair.secondary);
  pair.untilSynchronized();
  pair.reboot(pair.primary);
  pair.untilSynchronized();
  expect(sentBySynchronization(pair)).toEqual({ dataBytes: 0, markers: 0 });
});

test('rule 17: a line lost half-way sends again only what was not acknowledged', () => {
  const pair = livePair({ maxPayloadBytes: GRAIN });
  pair.wire.cut();
  for (let grain = 0; grain < 100; grain += 1) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(512).fill(1)));
  const before = pair.primary.status().grainsSynchronized;
  pair.wire.sent = [];
  let barriers = 0;
  pair.wire.fault = (frame) => {
    if (frame.decode().body.case === 'barrierDone') barriers += 1;
    return barriers > 1 ? 'drop' : 'deliver';
  };
  pair.wire.restore();
  pair.until('one batch is acknowledged, and the next is not', () => barriers > 1);
  pair.wire.cut();
  pair.settle();
  const left = pair.primary.status().grainsOutOfSync;
  expect([left > 0n, left < 100n]).toEqual([true, true]);
  pair.wire.fault = undefined;
  pair.wire.sent = [];
  pair.wire.restore();
  pair.untilSwept();
  expect(sentBySynchronization(pair).dataBytes).toBe(Number(left) * GRAIN);
  expect(pair.primary.status().grainsSynchronized - before).toBe(100n);
});
