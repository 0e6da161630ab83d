import { describe, expect, test } from 'vitest';
import { BARRIER_FRAMES, FIRST_BATCH_BYTES, MAX_BARRIERS_IN_FLIGHT, MAX_MARKER_GRAINS, SLOW_BARRIER_MS } from '../../../firmware/limits.js';
import { dirtyGrains, holding, letGo, writesVolume } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';

const GRAIN = 4096;

/** A pair that was live; grains 0 to `grains` - 1 are dirty, the line is back, and nothing has moved. */
function pairWithDirtyGrains(grains: number, maxPayloadBytes: number): Pair {
  const pair = livePair({ maxPayloadBytes });
  pair.wire.cut();
  pair.finish(pair.primary.write(0, new Uint8Array(grains * GRAIN).fill(1), true));
  pair.wire.restore();
  pair.wire.sent = [];
  return pair;
}

const cases = (pair: Pair, ...kinds: string[]): (string | undefined)[] => pair.wire.sent.map((frame) => frame.case).filter((kind) => kind !== undefined && kinds.includes(kind));

test('neighbouring grains share a frame, as many as it has room for', () => {
  const pair = pairWithDirtyGrains(10, 4 * GRAIN);
  pair.untilSwept();
  expect(pair.wire.sent.filter((frame) => frame.case === 'grainData').map((frame) => frame.payloadBytes / GRAIN)).toEqual([4, 4, 2]);
});

test('a grain longer than a frame travels in pieces, all before its barrier', () => {
  const pair = pairWithDirtyGrains(2, 1024);
  pair.untilSwept();
  expect(cases(pair, 'grainData', 'barrier')).toEqual([...Array<string>(8).fill('grainData'), 'barrier']);
  expect(pair.differingGrains()).toEqual([]);
});

/** Frames of data before each barrier. */
function batches(pair: Pair): number[] {
  const sizes: number[] = [];
  let frames = 0;
  for (const kind of cases(pair, 'grainData', 'barrier')) {
    if (kind === 'grainData') frames += 1;
    else sizes.push(frames);
    if (kind === 'barrier') frames = 0;
  }
  return sizes;
}

test('batches grow while their barriers are quick, to so many frames', () => {
  const pair = pairWithDirtyGrains(256, GRAIN);
  pair.untilSwept();
  expect([batches(pair)[0], Math.max(...batches(pair))]).toEqual([FIRST_BATCH_BYTES / GRAIN, BARRIER_FRAMES]);
});

test('batches shrink while their barriers are slow, so that no host waits long behind them', () => {
  const pair = pairWithDirtyGrains(256, GRAIN);
  holding(pair.secondary, ({ part, kind }) => part === 'volume' && kind === 'flush');
  pair.pass(SLOW_BARRIER_MS + 500);
  letGo(pair.secondary);
  pair.untilSwept();
  expect(batches(pair).slice(0, MAX_BARRIERS_IN_FLIGHT)).toEqual(Array<number>(MAX_BARRIERS_IN_FLIGHT).fill(FIRST_BATCH_BYTES / GRAIN));
  expect(Math.min(...batches(pair).slice(0, -1))).toBeLessThanOrEqual(2);
  expect(pair.differingGrains()).toEqual([]);
});

test('no more than so many barriers are under way', () => {
  const pair = pairWithDirtyGrains(200, GRAIN);
  holding(pair.secondary, ({ part, kind }) => part === 'volume' && kind === 'flush');
  pair.pass(3000);
  expect(cases(pair, 'barrier')).toHaveLength(MAX_BARRIERS_IN_FLIGHT);
  expect(cases(pair, 'grainData')).toHaveLength(MAX_BARRIERS_IN_FLIGHT * FIRST_BATCH_BYTES / GRAIN);
  letGo(pair.secondary);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('grains never written cross as runs, however many', () => {
  const geometry = { sizeBytes: 32 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 };
  const pair = livePair({ geometry });
  expect(cases(pair, 'grainUnwritten')).toHaveLength(Math.ceil(8192 / MAX_MARKER_GRAINS));
  expect(pair.primary.status().grainsSynchronized).toBe(8192n);
});

describe('the session ends, and the bits stay', () => {
  test('when the primary cannot read a grain', () => {
    const pair = pairWithDirtyGrains(4, GRAIN);
    pair.primary.board.power.intercept = ({ part, kind, offsetBytes }) => (part === 'volume' && kind === 'read' && offsetBytes === 2 * GRAIN ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined);
    pair.until('the error is reported', () => pair.primary.status().linkDetail.includes('a bad sector'));
    expect(dirtyGrains(pair.primary)).toContain(2);
    expect(pair.synchronized).toBe(false);
    pair.primary.board.power.intercept = undefined;
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });

  test.each(['write', 'flush'] as const)('when the secondary cannot %s', (kind) => {
    const pair = pairWithDirtyGrains(4, GRAIN);
    pair.secondary.board.power.intercept = (operation) => (operation.part === 'volume' && operation.kind === kind ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined);
    pair.until('the error is reported', () => pair.primary.status().linkDetail.includes('could not make'));
    expect(dirtyGrains(pair.primary)).toEqual([0, 1, 2, 3]);
    pair.secondary.board.power.intercept = undefined;
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });

  test('when the primary cannot flush what it sent', () => {
    const pair = pairWithDirtyGrains(4, GRAIN);
    pair.primary.board.power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'flush' ? { part: 'disk', kind: 'io', text: 'the cache is gone' } : undefined);
    pair.until('the error is reported', () => pair.primary.status().linkDetail.includes('the cache is gone'));
    expect(dirtyGrains(pair.primary)).toEqual([0, 1, 2, 3]);
    pair.primary.board.power.intercept = undefined;
    pair.untilSwept();
  });
});

test('hosts go on in the middle of a synchronization, and their writes are on both cards in the end', () => {
  const pair = pairWithDirtyGrains(200, GRAIN);
  holding(pair.secondary, writesVolume);
  const writes = [0, 50, 100, 150, 199, 220].map((grain) => pair.primary.write(grain * GRAIN + 512, new Uint8Array(512).fill(9)));
  pair.pass(500);
  letGo(pair.secondary);
  for (const written of writes) pair.finish(written);
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([pair.differingGrains(), [0, 50, 100, 150, 199, 220].map((grain) => volume[grain * GRAIN + 512])]).toEqual([[], [9, 9, 9, 9, 9, 9]]);
});
