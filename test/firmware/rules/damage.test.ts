import { describe, expect, test } from 'vitest';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { DiskState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import type { Region } from '../../../firmware/metadata/nvram-layout.js';
import { live } from '../support/lives.js';
import { dirtyGrains, holding, persists } from '../support/operations.js';
import { livePair, type Pair } from '../support/pair.js';
import type { PairSide } from '../support/pair-side.js';
import { seededPair } from '../support/seeding.js';
import { damage, fill, fillNvram, regionOf } from '../support/contents.js';

const GRAIN = 4096;

/** A live pair with something written. */
function livePairWithData(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(8 * GRAIN).fill(1), true));
  pair.untilSwept();
  return pair;
}

function errorsOf(side: PairSide): (string | undefined)[] {
  return side.status().errors.map(({ status }) => Status[status]);
}

test('rule 14: a primary that lost both control blocks takes a fresh generation, and synchronizes its secondary in full without a command', () => {
  const pair = livePairWithData();
  const before = pair.primary.status();
  pair.primary.powerOff();
  damage(pair.primary.board, ...pair.primary.durable.layout.controlBlocks);
  pair.boot(pair.primary);
  const after = pair.primary.status();
  expect([after.role, after.relationshipId]).toEqual([Role.PRIMARY, before.relationshipId]);
  expect(after.generation >> 32n).toBe((before.generation >> 32n) + 1n);
  expect(after.grainsOutOfSync).toBe(256n);
  expect(errorsOf(pair.primary)).toContain('NVRAM_DAMAGED');
  pair.untilSwept();
  expect([pair.differingGrains(), pair.primary.status().grainsSynchronized, pair.secondary.status().generation]).toEqual([[], 256n, after.generation]);
  // Once: the debt is paid.
  pair.reboot(pair.primary);
  pair.untilSynchronized();
  expect(pair.primary.status().grainsSynchronized).toBe(0n);
});

test('rule 14: a secondary that lost both control blocks is Inconsistent, and asks for everything without a command', () => {
  const pair = livePairWithData();
  pair.secondary.powerOff();
  damage(pair.secondary.board, ...pair.secondary.durable.layout.controlBlocks);
  pair.wire.cut();
  pair.boot(pair.secondary);
  const { role, diskState, allDirty, connectWished } = pair.secondary.status();
  expect([role, diskState, allDirty, connectWished]).toEqual([Role.SECONDARY, DiskState.INCONSISTENT, true, true]);
  const before = pair.primary.status().grainsSynchronized;
  pair.wire.restore();
  pair.untilSwept();
  expect([pair.differingGrains(), pair.primary.status().grainsSynchronized - before]).toEqual([[], 256n]);
});

test('rule 14: both cards lose all of their NVRAM, and find each other', () => {
  const pair = livePairWithData();
  for (const side of pair.sides) {
    side.powerOff();
    damage(side.board, { offsetBytes: 0, lengthBytes: side.board.geometry.nvramBytes });
  }
  pair.bootBoth();
  pair.untilSwept();
  expect([pair.differingGrains(), pair.primary.volume()[0]]).toEqual([[], 1]);
});

test('rule 14: a seeded secondary that lost its NVRAM is not taken for what was loaded', () => {
  const pair = seededPair();
  pair.secondary.powerOff();
  damage(pair.secondary.board, ...pair.secondary.durable.layout.controlBlocks);
  pair.boot(pair.secondary);
  expect(pair.secondary.status().diskState).toBe(DiskState.INCONSISTENT);
  pair.connect();
  pair.until('it is refused', () => pair.secondary.status().linkStatus === Status.NOT_LOADED);
});

test('rule 14: a primary that was never bound and lost its NVRAM refuses what was loaded before', () => {
  const pair = seededPair();
  pair.primary.powerOff();
  damage(pair.primary.board, ...pair.primary.durable.layout.controlBlocks);
  pair.boot(pair.primary);
  pair.connect();
  pair.until('it is refused', () => pair.secondary.status().linkStatus === Status.STALE_GENERATION);
});

describe.each(['primary', 'secondary'] as const)('rule 14: at the %s', (name) => {
  test.each(['dirty', 'written'] as const)('rule 14: a damaged line of the %s map is dirty, never clean', (map) => {
    const pair = livePairWithData();
    const side = pair[name];
    side.powerOff();
    damage(side.board, side.durable.layout[map]);
    pair.wire.cut();
    pair.boot(side);
    expect(dirtyGrains(side)).toHaveLength(256);
    // What reads as written may be what it never was; a map that is lost changes no content.
    if (name === 'secondary' && map === 'written') expect(side.status().diskState).toBe(DiskState.INCONSISTENT);
    pair.wire.restore();
    pair.untilSwept();
    expect([pair.differingGrains(), pair.secondary.volume()[0]]).toEqual([[], 1]);
  });

  test('rule 14: one damaged line costs its own grains and no others', () => {
    const pair = livePair({ geometry: { sizeBytes: 4 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 } });
    const side = pair[name];
    const { dirty } = side.durable.layout;
    side.powerOff();
    damage(side.board, { offsetBytes: dirty.offsetBytes, lengthBytes: NVRAM_LINE_BYTES });
    pair.wire.cut();
    pair.boot(side);
    expect(dirtyGrains(side)).toEqual(Array.from({ length: 512 }, (_, grain) => grain));
    pair.wire.restore();
    pair.untilSwept();
    expect(pair.primary.status().grainsSynchronized % 1024n).toBe(512n);
  });

  test('rule 14: an NVRAM in doubt is all dirty', () => {
    const pair = livePairWithData();
    const side = pair[name];
    side.powerOff();
    side.board.nvram.content.doubtful = true;
    pair.wire.cut();
    pair.boot(side);
    expect([dirtyGrains(side).length, errorsOf(side).includes('NVRAM_DOUBTFUL')]).toEqual([256, true]);
    pair.wire.restore();
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
    pair.reboot(side);
    expect(errorsOf(side)).toEqual([]);
  });

  test.each([0, 1] as const)('rule 14: copy %i of the control block may be damaged, or stale, at any time', (which) => {
    const pair = livePairWithData();
    const side = pair[name];
    const { controlBlocks } = side.durable.layout;
    const region = controlBlocks[which];
    const stale = regionOf(side.board, region);
    pair.wire.cut();
    pair.wire.restore();
    pair.untilSynchronized();
    const counter = side.durable.control?.identity.sessionCounter;
    side.powerOff();
    fillNvram(side.board, region.offsetBytes, stale);
    expect(side.durable.control?.identity.sessionCounter).toBe(counter);
    pair.wire.cut();
    pair.boot(side);
    side.powerOff();
    // Made good at boot: now the other copy may go.
    damage(side.board, controlBlocks[1 - which] ?? region);
    expect(side.durable.control?.identity.sessionCounter).toBe(counter);
    pair.boot(side);
    side.powerOff();
    damage(side.board, region);
    expect(side.durable.control?.identity.sessionCounter).toBe(counter);
    pair.boot(side);
    pair.wire.restore();
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });

  test.each([0, 1] as const)('rule 14: a cut while a stale copy %i of the control block is made good leaves the newest state', (which) => {
    const pair = livePairWithData();
    const side = pair[name];
    const { power } = side.board;
    const region = side.durable.layout.controlBlocks[which];
    const stale = regionOf(side.board, region);
    pair.wire.cut();
    pair.wire.restore();
    pair.untilSynchronized();
    const counter = side.durable.control?.identity.sessionCounter;
    side.powerOff();
    fillNvram(side.board, region.offsetBytes, stale);
    let torn: Region | undefined;
    power.intercept = (operation) => {
      torn = side.durable.layout.controlBlocks.find((copy) => persists(operation, copy));
      if (torn !== undefined) side.board.cutAfter(0);
      return undefined;
    };
    pair.boot(side);
    expect([power.on, torn === undefined]).toEqual([false, false]);
    power.intercept = undefined;
    if (torn !== undefined) damage(side.board, torn);
    expect(side.durable.control?.identity.sessionCounter).toBe(counter);
  });

  test('rule 14: cuts that tear one copy of the control block each never lose both, whatever they meet of the recovery', () => {
    for (const which of [0, 1] as const) {
      let persistsSeen = Number.POSITIVE_INFINITY;
      for (let second = 1; second <= persistsSeen; second += 1) {
        const pair = livePairWithData();
        const side = pair[name];
        const { generation } = side.status();
        const copies = side.durable.layout.controlBlocks;
        const torn = () => ({ part }: { part: string }): 'damaged' | 'old' => (part === 'nvram' ? 'damaged' : 'old');
        pair.wire.cut();
        holding(side, (operation) => persists(operation, copies[which]));
        side.admin({ case: 'stop', value: { access: false } });
        pair.settle();
        side.board.cut(false, torn);
        expect(side.durable.control).toBeDefined();
        let seen = 0;
        side.board.power.intercept = (operation) => {
          if (copies.some((copy) => persists(operation, copy))) seen += 1;
          return seen === second ? 'hold' : undefined;
        };
        side.board.boot();
        pair.settle();
        if (seen < second) persistsSeen = seen;
        side.board.cut(false, torn);
        expect(side.durable.control?.identity.generation).toBe(generation);
        pair.boot(side);
        expect([side.status().generation, dirtyGrains(side), side.status().allDirty]).toEqual([generation, [], false]);
      }
      expect(persistsSeen).toBe(2);
    }
  });

  test('rule 14: a copy of the control block from before both were lost never counts again, however often that happens', () => {
    const pair = livePairWithData();
    const side = pair[name];
    const { controlBlocks } = side.durable.layout;
    const [first] = controlBlocks;
    for (let losses = 0; losses < 3; losses += 1) {
      const stale = regionOf(side.board, first);
      pair.wire.cut();
      side.powerOff();
      damage(side.board, ...controlBlocks);
      pair.boot(side);
      side.powerOff();
      const known = side.durable.control;
      fillNvram(side.board, first.offsetBytes, stale);
      expect(side.durable.control).toEqual(known);
      pair.boot(side);
      pair.wire.restore();
      pair.untilSwept();
    }
  });

  test('rule 14: a cut between the two copies is made good at boot', () => {
    const pair = livePairWithData();
    const side = pair[name];
    const { controlBlocks } = side.durable.layout;
    holding(side, (operation) => persists(operation, controlBlocks[1]));
    const stopped = side.admin({ case: 'stop', value: { access: false } });
    pair.settle();
    expect(stopped.ended).toBe(false);
    pair.wire.cut();
    pair.reboot(side);
    expect(side.status().stopped).toBe(true);
    side.powerOff();
    damage(side.board, controlBlocks[0]);
    pair.boot(side);
    expect(side.status().stopped).toBe(true);
  });

  test('rule 14: a cut between NVRAM and superblock is made good at boot', () => {
    const pair = livePairWithData();
    const side = pair[name];
    side.board.power.intercept = ({ part, kind }) => {
      if (part === 'reserved' && kind === 'write') side.board.cutAfter(0, { keep: () => false });
      return undefined;
    };
    side.admin({ case: 'stop', value: { access: false } });
    pair.settle();
    expect(side.board.power.on).toBe(false);
    pair.boot(side);
    side.powerOff();
    damage(side.board, ...side.durable.layout.controlBlocks);
    pair.boot(side);
    expect(side.status().stopped).toBe(true);
  });

  test.each([0, 1])('rule 14: copy %i of the superblock may be damaged', (which) => {
    const pair = livePairWithData();
    const side = pair[name];
    side.powerOff();
    fill(side.board.reserved, which * SUPERBLOCK_BYTES, new Uint8Array(SUPERBLOCK_BYTES).fill(0x5a));
    pair.boot(side);
    expect(errorsOf(side)).toContain('SUPERBLOCK_DAMAGED');
    side.powerOff();
    damage(side.board, ...side.durable.layout.controlBlocks);
    fill(side.board.reserved, (1 - which) * SUPERBLOCK_BYTES, new Uint8Array(SUPERBLOCK_BYTES).fill(0x5a));
    pair.boot(side);
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  });

  test('rule 14: cuts at every effect of a recovery from total loss change nothing of its outcome', () => {
    let effects = Number.POSITIVE_INFINITY;
    for (let cutAfter = 0; cutAfter < effects; cutAfter += 3) {
      const pair = livePairWithData();
      const side = pair[name];
      side.powerOff();
      damage(side.board, { offsetBytes: 0, lengthBytes: side.board.geometry.nvramBytes });
      pair.wire.cut();
      const first = side.board.power.effects;
      side.board.cutAfter(cutAfter);
      pair.boot(side);
      if (side.board.power.on) effects = side.board.power.effects - first;
      side.board.power.onEffect = undefined;
      pair.reboot(side);
      expect(dirtyGrains(side).length === 256 || side.status().allDirty).toBe(true);
      pair.wire.restore();
      pair.untilSwept();
      expect([pair.differingGrains(), pair.primary.volume()[0]]).toEqual([[], 1]);
    }
    expect(effects).toBeGreaterThan(5);
  });

  test('rule 14: an NVRAM that refuses any one line stops neither card, and costs no data', () => {
    let persistsSeen = Number.POSITIVE_INFINITY;
    for (let bad = 0; bad < persistsSeen; bad += 1) {
      const pair = livePairWithData();
      const side = pair[name];
      let count = 0;
      side.board.power.intercept = ({ part, kind }) => {
        if (part !== 'nvram' || kind !== 'persist') return undefined;
        count += 1;
        return count - 1 === bad ? { part: 'nvram', kind: 'io', text: 'NVRAM refuses a line' } : undefined;
      };
      pair.wire.cut();
      const first = pair.primary.write(GRAIN, new Uint8Array(512).fill(2), true);
      pair.wire.restore();
      pair.pass(700);
      const second = pair.primary.write(4 * GRAIN, new Uint8Array(512).fill(3), true);
      pair.until('both writes have ended', () => first.ended && second.ended);
      pair.untilSwept();
      if (count <= bad) persistsSeen = count;
      expect(pair.differingGrains()).toEqual([]);
      for (const [written, grain, value] of [[first, 1, 2], [second, 4, 3]] as const) {
        if (succeeded(written)) expect(pair.secondary.volume()[grain * GRAIN]).toBe(value);
      }
    }
    expect(persistsSeen).toBeGreaterThan(4);
  });
});

test('rule 14: lines damaged by cuts, again and again, cost no data', () => {
  for (let seed = 1; seed <= 16; seed += 1) live({ seed, misfortunes: ['cutPrimary', 'cutSecondary'], faults: 'power' });
});

test('rule 14: a card that neither NVRAM nor disk knows does not come up', () => {
  const pair = livePairWithData();
  pair.secondary.powerOff();
  damage(pair.secondary.board, ...pair.secondary.durable.layout.controlBlocks);
  fill(pair.secondary.board.reserved, 0, new Uint8Array(2 * SUPERBLOCK_BYTES));
  expect(() => { pair.boot(pair.secondary); }).toThrow('NOT_FORMATTED');
});

function succeeded(running: { result(): void }): boolean {
  try {
    running.result();
    return true;
  } catch {
    return false;
  }
}
