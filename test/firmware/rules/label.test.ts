import { describe, expect, test } from 'vitest';
import { DiskState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { holding, letGo, persists, writesVolume } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';

const GRAIN = 4096;

/** A pair that was live; grains 1 to 9 are dirty, the line is back. */
function pairWithDirtyGrains(): Pair {
  const pair = livePair();
  pair.wire.cut();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(9 * GRAIN).fill(2), true));
  pair.wire.restore();
  return pair;
}

function readAtSecondary(pair: Pair): number | string {
  const into = new Uint8Array(512);
  try {
    pair.finish(pair.secondary.read(GRAIN, into));
    return into[0] ?? -1;
  } catch (error) {
    return String(error);
  }
}

test('rule 12: the label is durable before the first resync write reaches the disk', () => {
  const pair = pairWithDirtyGrains();
  const { controlBlocks } = pair.secondary.durable.layout;
  let labels = 0;
  const seen = holding(pair.secondary, (operation) => {
    // The first commit of the session is its counter, the second the label.
    if (persists(operation, controlBlocks[0])) labels += 1;
    return labels >= 2;
  });
  pair.pass(2000);
  expect(labels).toBe(2);
  expect([seen.filter(writesVolume), pair.secondary.durable.control?.consistent]).toEqual([[], true]);
  letGo(pair.secondary);
  pair.untilSynchronized();
});

test('rule 12: at no instant is a secondary that holds half a resync labelled consistent', () => {
  const pair = pairWithDirtyGrains();
  const { power } = pair.secondary.board;
  const labels: (boolean | undefined)[] = [];
  power.intercept = (operation) => {
    if (writesVolume(operation)) labels.push(pair.secondary.durable.control?.consistent);
    return undefined;
  };
  pair.untilSynchronized();
  expect(labels.length).toBeGreaterThan(0);
  expect(labels).not.toContain(true);
  expect(pair.secondary.durable.control?.consistent).toBe(true);
});

test('rule 12: Inconsistent survives a reboot, and reads are refused', () => {
  const pair = pairWithDirtyGrains();
  holding(pair.secondary, writesVolume);
  pair.until('the resync has begun', () => pair.secondary.board.power.held.length > 0);
  pair.wire.cut();
  pair.reboot(pair.secondary);
  expect(pair.secondary.status().diskState).toBe(DiskState.INCONSISTENT);
  expect(readAtSecondary(pair)).toContain('READ_INCONSISTENT');
  pair.wire.restore();
  pair.untilSynchronized();
  expect(readAtSecondary(pair)).toBe(2);
});

describe('rule 12: a secondary serves reads', () => {
  test('rule 12: when it is seeded: as of T0', () => {
    const pair = seededPair();
    pair.finish(pair.primary.write(GRAIN, new Uint8Array(512).fill(9), true));
    expect([readAtSecondary(pair), pair.secondary.status().diskState]).toEqual([1, DiskState.CONSISTENT]);
  });

  test('rule 12: when it is synchronized', () => {
    const pair = livePair();
    pair.finish(pair.primary.write(GRAIN, new Uint8Array(512).fill(9)));
    expect(readAtSecondary(pair)).toBe(9);
  });

  test('rule 12: when it was synchronized and the line is lost, after a reboot too', () => {
    const pair = livePair();
    pair.finish(pair.primary.write(GRAIN, new Uint8Array(512).fill(9), true));
    pair.wire.cut();
    pair.finish(pair.primary.write(GRAIN, new Uint8Array(512).fill(10), true));
    expect([readAtSecondary(pair), pair.secondary.status().diskState]).toEqual([9, DiskState.CONSISTENT]);
    pair.reboot(pair.secondary);
    expect(readAtSecondary(pair)).toBe(9);
  });

  test('rule 12: not while everything is still to come', () => {
    const pair = livePair();
    pair.wire.cut();
    pair.connect(true);
    expect(readAtSecondary(pair)).toContain('READ_INCONSISTENT');
  });
});

test('rule 12: a session in which nothing was to be copied leaves the label alone', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.wire.restore();
  let sequence = 0;
  const { controlBlocks } = pair.secondary.durable.layout;
  pair.secondary.board.power.intercept = (operation) => {
    if (persists(operation, controlBlocks[0])) sequence += 1;
    expect(pair.secondary.durable.control?.consistent).toBe(true);
    return undefined;
  };
  pair.untilSynchronized();
  expect(sequence).toBeGreaterThan(0);
});

test('rule 12: what was read while a whole resync passed by is read anew: it holds something of before, and something of after', () => {
  const pair = livePair();
  // Grain 2 was never written, so what lies around it is read by itself.
  for (const grain of [1, 3]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(512).fill(1), true));
  pair.untilSwept();
  pair.wire.cut();
  for (const grain of [1, 3]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(512).fill(2), true));
  holding(pair.secondary, ({ part, kind, offsetBytes }) => part === 'volume' && kind === 'read' && offsetBytes >= 3 * GRAIN);
  const into = new Uint8Array(2 * GRAIN + 512);
  const reading = pair.secondary.read(GRAIN, into);
  pair.settle();
  pair.wire.restore();
  pair.untilSynchronized();
  expect(reading.ended).toBe(false);
  letGo(pair.secondary);
  pair.finish(reading);
  expect([into[0], into[2 * GRAIN]]).toEqual([2, 2]);
});
