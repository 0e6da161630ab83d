import { expect, test } from 'vitest';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { dirtyGrains, flushesVolume, holding, letGo, persists, writesVolume } from '../support/operations.js';
import { Pair } from '../support/pair.js';

const GRAIN = 4096;

test('rule 5: writes in flight are drained and flushed before anything of the relationship is durable', () => {
  const pair = new Pair();
  const { primary } = pair;
  const [controlBlock] = primary.durable.layout.controlBlocks;
  pair.finish(primary.write(0, new Uint8Array(GRAIN).fill(1), true));
  const seen = holding(primary, (operation) => writesVolume(operation));
  const before = primary.write(0, new Uint8Array(512).fill(2));
  pair.settle();
  const established = primary.admin({ case: 'establish', value: { secondaryName: 'S', flashCopy: false } });
  const after = primary.write(GRAIN, new Uint8Array(512).fill(3));
  pair.settle();
  expect([before.ended, established.ended, after.ended, seen.some((operation) => persists(operation, controlBlock))]).toEqual([false, false, false, false]);
  const mark = seen.length;
  letGo(primary);
  holding(primary, () => false);
  pair.finish(established);
  pair.finish(after);
  expect(seen.slice(mark)).toEqual([]);
  expect(primary.volume()[0]).toBe(2);
  // What came before the establishment is no difference; what came after it is.
  expect(dirtyGrains(primary)).toEqual([1]);
});

test('rule 5: the flush comes before the first commit, the empty map between the two', () => {
  const pair = new Pair();
  const { primary } = pair;
  const { controlBlocks, dirty } = primary.durable.layout;
  pair.finish(primary.write(0, new Uint8Array(GRAIN).fill(1)));
  const seen = holding(primary, () => false);
  pair.establish();
  const order = seen.map((operation) => {
    if (flushesVolume(operation)) return 'flush';
    if (persists(operation, controlBlocks[0])) return 'commit';
    return persists(operation, dirty) ? 'map' : '';
  }).filter((step) => step !== '');
  expect(order).toEqual(['flush', 'commit', 'map', 'commit']);
  expect([...primary.board.volume.unflushed]).toEqual([]);
});

test('rule 5: a cut at any effect leaves no relationship, or one that marks every write behind it', () => {
  let stood = 0;
  let effects = Number.POSITIVE_INFINITY;
  for (let cutAfter = 0; cutAfter < effects; cutAfter += 1) {
    const pair = new Pair({ seed: cutAfter + 1 });
    const { primary } = pair;
    pair.finish(primary.write(0, new Uint8Array(GRAIN).fill(1)));
    const first = primary.board.power.effects;
    primary.board.cutAfter(cutAfter);
    const established = primary.admin({ case: 'establish', value: { secondaryName: 'S', flashCopy: true } });
    pair.settle();
    if (primary.board.power.on) effects = primary.board.power.effects - first;
    pair.reboot(primary);
    const { role, generation } = primary.status();
    expect([Role.STANDALONE, Role.PRIMARY]).toContain(role);
    expect(generation !== 0n).toBe(role === Role.PRIMARY);
    if (established.ended) expect(role).toBe(Role.PRIMARY);
    pair.finish(primary.write(5 * GRAIN, new Uint8Array(512).fill(2), true));
    if (role === Role.STANDALONE) pair.establish();
    else expect(dirtyGrains(primary)).toEqual([5]);
    stood += role === Role.PRIMARY ? 1 : 0;
    pair.connect(true);
    pair.untilSynchronized();
    expect(pair.differingGrains()).toEqual([]);
  }
  expect(stood).toBeGreaterThan(1);
  expect(effects - stood).toBeGreaterThan(5);
});

test('rule 5: a generation of before a dissolution means nothing afterwards', () => {
  const pair = new Pair();
  pair.establish();
  const { generation } = pair.primary.status();
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(1)));
  pair.command(pair.primary, { case: 'dissolve', value: {} });
  expect(pair.primary.status().generation).toBe(0n);
  pair.establish();
  expect(pair.primary.status().generation).not.toBe(generation);
  expect(dirtyGrains(pair.primary)).toEqual([]);
});
