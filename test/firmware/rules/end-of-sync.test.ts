import { expect, test } from 'vitest';
import { DiskState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { live } from '../support/lives.js';
import { dirtyGrains, flushesVolume, holding, letGo, persists } from '../support/operations.js';
import { livePair } from '../support/pair.js';

const GRAIN = 4096;
const { CONSISTENT_SYNCHRONIZED, INCONSISTENT_COPYING } = RelationshipState;

test('rule 11: the state is ConsistentSynchronized once the last grain is durable on both, and not before', () => {
  const pair = livePair();
  pair.wire.cut();
  for (const grain of [1, 5, 9]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(grain), true));
  pair.wire.restore();
  holding(pair.secondary, flushesVolume);
  pair.pass(3000);
  expect(pair.sides.map((side) => side.status().state)).toEqual([INCONSISTENT_COPYING, INCONSISTENT_COPYING]);
  expect(pair.primary.status().grainsOutOfSync).toBe(3n);
  letGo(pair.secondary);
  pair.untilSynchronized();
  expect(pair.sides.map((side) => side.status().state)).toEqual([CONSISTENT_SYNCHRONIZED, CONSISTENT_SYNCHRONIZED]);
  expect(pair.sides.map((side) => side.status().diskState)).toEqual([DiskState.UP_TO_DATE, DiskState.UP_TO_DATE]);
  expect([...pair.sides.map(dirtyGrains), pair.differingGrains()]).toEqual([[], [], []]);
});

test('rule 11: a write between the last grain and the end of synchronization is on both cards as well', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.wire.restore();
  const { controlBlocks } = pair.secondary.durable.layout;
  let commits = 0;
  holding(pair.secondary, (operation) => {
    if (!persists(operation, controlBlocks[0])) return false;
    commits += 1;
    // The session's counter, the label, and then: consistent.
    return commits === 3;
  });
  pair.until('the end is on its way', () => commits === 3);
  pair.finish(pair.primary.write(7 * GRAIN, new Uint8Array(512).fill(2)));
  letGo(pair.secondary);
  pair.settle();
  expect([pair.primary.status().state, pair.primary.status().grainsOutOfSync]).toEqual([CONSISTENT_SYNCHRONIZED, 0n]);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 11: whoever calls itself synchronized has no out-of-sync bit, whatever happens', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    live({
      seed,
      misfortunes: ['cutSecondary', 'cutLine', 'meddle'],
      watch: ({ world: { primary, secondary }, watch }) => {
        if (primary.components !== undefined && primary.status().state === CONSISTENT_SYNCHRONIZED) expect(primary.status().grainsOutOfSync).toBe(0n);
        if (secondary.components !== undefined && secondary.status().state === CONSISTENT_SYNCHRONIZED) expect(dirtyGrains({ durable: watch.secondary })).toEqual([]);
      },
    });
  }
});
