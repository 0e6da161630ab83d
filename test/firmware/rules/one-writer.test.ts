import { describe, expect, test } from 'vitest';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { damage } from '../support/contents.js';
import { dirtyGrains, flushesVolume, holding, letGo, persists } from '../support/operations.js';
import { converge, livePair, type Pair } from '../support/pair.js';
import type { PairSide } from '../support/pair-side.js';
import { seededPair } from '../support/seeding.js';
import type { Running } from '../support/tasks.js';

const GRAIN = 4096;
const stop = (access: boolean) => ({ case: 'stop', value: { access } }) as const;
const start = (discardSecondary: boolean) => ({ case: 'start', value: { discardSecondary } }) as const;

function failure(running: Running<unknown>): string {
  try {
    running.result();
    return 'success';
  } catch (error) {
    return String(error);
  }
}

/** A live pair that an operator has split: grains 1 and 2 written at the primary, 2 and 3 at the secondary. */
function splitPair(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(8 * GRAIN).fill(1), true));
  pair.untilSwept();
  pair.command(pair.secondary, stop(true));
  for (const grain of [1, 2]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(0x50), true));
  for (const grain of [2, 3]) pair.finish(pair.secondary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(0x60), true));
  return pair;
}

describe('rule 16: a secondary refuses host writes', () => {
  test.each([
    ['while it is synchronized', (): Pair => livePair()],
    ['while it is seeded', (): Pair => seededPair()],
    ['while the line is lost', (): Pair => {
      const pair = livePair();
      pair.wire.cut();
      return pair;
    }],
    ['while it is stopped without access', (): Pair => {
      const pair = livePair();
      pair.command(pair.secondary, stop(false));
      return pair;
    }],
  ])('rule 16: %s', (_when, made) => {
    const pair = made();
    const before = pair.secondary.volume();
    for (const issue of [() => pair.secondary.write(0, new Uint8Array(512).fill(7)), () => pair.secondary.zero(0, 512)]) {
      const running = issue();
      pair.settle();
      expect(failure(running)).toContain('WRITE_TO_SECONDARY');
    }
    expect([pair.secondary.volume().equals(before), dirtyGrains(pair.secondary)]).toEqual([true, []]);
  });
});

function rebootWithoutControlBlocks(pair: Pair, side: PairSide): void {
  side.powerOff();
  for (const { offsetBytes, lengthBytes } of side.durable.layout.controlBlocks) {
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += NVRAM_LINE_BYTES) side.board.nvram.content.damagedLines.add(at / NVRAM_LINE_BYTES);
  }
  pair.boot(side);
}

test('rule 16: access keeps the generation and adds a fork, and divergence is reported on both sides', () => {
  const pair = livePair();
  const { generation } = pair.secondary.status();
  pair.command(pair.secondary, stop(true));
  pair.settle();
  const [p, s] = pair.sides.map((side) => side.status());
  expect([s?.generation, s?.secondaryAccess, s?.state]).toEqual([generation, true, RelationshipState.IDLING]);
  expect([p?.diverged, s?.diverged, p?.state]).toEqual([true, true, RelationshipState.IDLING_DISCONNECTED]);
  expect(pair.secondary.durable.control?.forkId).not.toBe(0n);
  expect(pair.primary.durable.control?.peerForkId).toBe(pair.secondary.durable.control?.forkId);
});

test('rule 16: divergence is reported although the line was lost when access was given', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.command(pair.secondary, stop(true));
  expect(pair.primary.status().diverged).toBe(false);
  pair.wire.restore();
  pair.until('the primary knows', () => pair.primary.status().diverged);
  expect(Status[pair.secondary.status().linkStatus]).toBe('SECONDARY_HAS_ACCESS');
  pair.reboot(pair.primary);
  expect(pair.primary.status().diverged).toBe(true);
});

test('rule 16: divergence is reported again to a primary that forgot it with its NVRAM', () => {
  const pair = livePair();
  pair.command(pair.secondary, stop(true));
  pair.until('the primary knows', () => pair.primary.status().diverged);
  rebootWithoutControlBlocks(pair, pair.primary);
  pair.until('the primary knows again', () => pair.primary.status().diverged);
});

test('rule 16: both sides track while the secondary has access', () => {
  const pair = splitPair();
  expect(pair.sides.map(dirtyGrains)).toEqual([[1, 2], [2, 3]]);
  pair.pass(5000);
  expect(pair.primary.components.primary.session).toBeUndefined();
});

test('rule 16: start is refused without the word, and changes nothing', () => {
  const pair = splitPair();
  expect(Status[pair.admin(pair.secondary, start(false))]).toBe('SECONDARY_HAS_WRITES');
  expect([pair.secondary.status().secondaryAccess, pair.secondary.volume()[3 * GRAIN]]).toEqual([true, 0x60]);
  pair.pass(3000);
  expect(pair.sides.map(dirtyGrains)).toEqual([[1, 2], [2, 3]]);
});

test('rule 16: start needs no word when no host has written', () => {
  const pair = livePair();
  pair.command(pair.secondary, stop(true));
  pair.command(pair.secondary, start(false));
  pair.untilSynchronized();
  expect(pair.sides.map((side) => side.status().diverged)).toEqual([false, false]);
});

test('rule 16: with the word the union is copied from the primary, and no more than that', () => {
  const pair = splitPair();
  const before = pair.primary.status().grainsSynchronized;
  pair.command(pair.secondary, start(true));
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([1, 2, 3].map((grain) => volume[grain * GRAIN])).toEqual([0x50, 0x50, 1]);
  expect([pair.differingGrains(), pair.primary.status().grainsSynchronized - before]).toEqual([[], 3n]);
  expect(pair.sides.map((side) => side.status().diverged)).toEqual([false, false]);
});

describe('rule 16: a secondary that lost both control blocks while its hosts had access', () => {
  function lostPair(): Pair {
    const pair = splitPair();
    rebootWithoutControlBlocks(pair, pair.secondary);
    return pair;
  }

  test('rule 16: serves them as before, and reports the fork', () => {
    const pair = splitPair();
    const fork = pair.secondary.durable.control?.forkId;
    rebootWithoutControlBlocks(pair, pair.secondary);
    expect(pair.secondary.status()).toMatchObject({ secondaryAccess: true, stopped: true, diverged: true });
    expect(pair.secondary.durable.control?.forkId).toBe(fork);
    const into = new Uint8Array(512);
    pair.finish(pair.secondary.read(3 * GRAIN, into));
    pair.finish(pair.secondary.write(5 * GRAIN, new Uint8Array(512).fill(0x61), true));
    expect([into[0], pair.secondary.volume()[5 * GRAIN]]).toEqual([0x60, 0x61]);
    rebootWithoutControlBlocks(pair, pair.primary);
    pair.until('the primary knows again', () => pair.primary.status().diverged);
  });

  test.each([
    ['start', start(false), 'SECONDARY_HAS_WRITES'],
    ['a conventional connect', { case: 'connectPeer', value: { address: 'primary', conventional: true, overwrite: true } }, 'SECONDARY_HAS_WRITES'],
  ] as const)('rule 16: refuses %s', (_what, command, refusal) => {
    const pair = lostPair();
    expect(Status[pair.admin(pair.secondary, command)]).toBe(refusal);
    expect([pair.secondary.status().secondaryAccess, pair.secondary.volume()[3 * GRAIN]]).toEqual([true, 0x60]);
  });

  test('rule 16: keeps what they wrote when it is dissolved', () => {
    const pair = lostPair();
    pair.command(pair.secondary, { case: 'dissolve', value: {} });
    const into = new Uint8Array(512);
    pair.finish(pair.secondary.read(3 * GRAIN, into));
    expect(into[0]).toBe(0x60);
  });

  test('rule 16: is synchronized in full once the word is given', () => {
    const pair = lostPair();
    pair.command(pair.secondary, start(true));
    pair.untilSwept();
    expect([pair.differingGrains(), pair.secondary.volume()[3 * GRAIN]]).toEqual([[], 1]);
    rebootWithoutControlBlocks(pair, pair.secondary);
    expect(pair.secondary.status()).toMatchObject({ secondaryAccess: false, diverged: false });
  });
});

test('rule 16: a secondary that was stopped without access, and lost its NVRAM, needs no word', () => {
  const pair = livePair();
  pair.command(pair.secondary, stop(false));
  rebootWithoutControlBlocks(pair, pair.secondary);
  pair.command(pair.secondary, start(false));
  pair.untilSwept();
});

test('rule 16: a host write in flight when access is revoked is counted before the word is asked for', () => {
  const pair = livePair();
  pair.command(pair.secondary, stop(true));
  const { dirty } = pair.secondary.durable.layout;
  holding(pair.secondary, (operation) => persists(operation, dirty));
  const written = pair.secondary.write(5 * GRAIN, new Uint8Array(512).fill(7));
  pair.settle();
  const started = pair.secondary.admin(start(false));
  const late = pair.secondary.write(6 * GRAIN, new Uint8Array(512).fill(7));
  pair.settle();
  expect([written.ended, started.ended]).toEqual([false, false]);
  letGo(pair.secondary);
  pair.finish(written);
  expect(Status[pair.finish(started).status]).toBe('SECONDARY_HAS_WRITES');
  pair.finish(late);
});

test('rule 16: the secondary empties its map only when the union is durable at the primary', () => {
  const pair = splitPair();
  const { dirty } = pair.primary.durable.layout;
  pair.wire.cut();
  pair.command(pair.secondary, start(true));
  pair.wire.restore();
  holding(pair.primary, (operation) => persists(operation, dirty));
  pair.pass(3000);
  expect([dirtyGrains(pair.primary), dirtyGrains(pair.secondary)]).toEqual([[1, 2], [2, 3]]);
  letGo(pair.primary);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

describe.each([['primary'], ['secondary']] as const)('rule 16: a cut of the %s', (name) => {
  test.each([
    ['while access is given', stop(true)],
    ['while it is revoked and the union copied', start(true)],
  ] as const)('rule 16: at any effect %s loses nothing of the primary\'s, and marks what the secondary wrote', (_when, command) => {
    let effects = Number.POSITIVE_INFINITY;
    for (let cutAfter = 0; cutAfter < effects; cutAfter += 1) {
      const pair = command.case === 'start' ? splitPair() : livePair();
      const side = pair[name];
      const first = side.board.power.effects;
      side.board.cutAfter(cutAfter);
      pair.secondary.admin(command);
      pair.settle();
      pair.pass(300);
      if (side.board.power.on) effects = side.board.power.effects - first;
      side.board.power.onEffect = undefined;
      side.powerOff();
      expect(pair.uncoveredGrains()).toEqual([]);
      pair.boot(side);
      // Whatever was decided when the power went: a secondary with access takes writes, any other refuses them.
      const { secondaryAccess } = pair.secondary.status();
      const written = pair.secondary.write(7 * GRAIN, new Uint8Array(512).fill(0x77), true);
      pair.settle();
      expect(failure(written) === 'success').toBe(secondaryAccess);
      pair.finish(pair.primary.write(6 * GRAIN, new Uint8Array(512).fill(0x51), true));
      converge(pair);
      const volume = pair.secondary.volume();
      expect([pair.differingGrains(), volume[6 * GRAIN]]).toEqual([[], 0x51]);
      if (command.case === 'start') expect([1, 2, 3].map((grain) => volume[grain * GRAIN])).toEqual([0x50, 0x50, 1]);
    }
    expect(effects).toBeGreaterThan(2);
  });
});

test('rule 16: access that is given while the requester dials ends the dial: nothing of the primary\'s is applied', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(0x50), true));
  pair.wire.holdDials = true;
  pair.pass(1000);
  pair.wire.restore();
  const { controlBlocks } = pair.secondary.durable.layout;
  let commits = 0;
  holding(pair.secondary, (operation) => {
    if (persists(operation, controlBlocks[0])) commits += 1;
    // The first says that it is stopped, the second gives access.
    return commits === 2;
  });
  const stopped = pair.secondary.admin(stop(true));
  pair.settle();
  pair.wire.holdDials = false;
  pair.settle();
  letGo(pair.secondary);
  pair.finish(stopped);
  pair.finish(pair.secondary.write(5 * GRAIN, new Uint8Array(512).fill(0x60), true));
  pair.pass(3000);
  expect([pair.secondary.components.requester.session, pair.secondary.volume()[3 * GRAIN]]).toEqual([undefined, 0]);
  expect(pair.secondary.status().secondaryAccess).toBe(true);
});

test('rule 16: access is not given where a resync has begun meanwhile', () => {
  const pair = livePair();
  pair.wire.cut();
  // So many that it is not over by then.
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(60 * GRAIN).fill(0x50), true));
  pair.wire.restore();
  const { controlBlocks } = pair.secondary.durable.layout;
  let commits = 0;
  holding(pair.secondary, (operation) => {
    if (persists(operation, controlBlocks[0])) commits += 1;
    // The first is the session's, the second the label of the resync.
    return commits >= 2;
  });
  pair.until('the label is on its way', () => commits >= 2);
  const stopped = pair.secondary.admin(stop(true));
  pair.settle();
  letGo(pair.secondary);
  expect(Status[pair.finish(stopped).status]).toBe('NOT_CONSISTENT');
  expect(pair.secondary.status()).toMatchObject({ secondaryAccess: false, stopped: true });
  pair.command(pair.secondary, start(false));
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 16: a connect by command while the requester dials leaves one session, of what the card is now', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.wire.holdDials = true;
  pair.pass(1000);
  pair.wire.restore();
  const { controlBlocks } = pair.secondary.durable.layout;
  holding(pair.secondary, (operation) => persists(operation, controlBlocks[0]));
  const connected = pair.secondary.admin({ case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
  pair.settle();
  pair.wire.holdDials = false;
  pair.settle();
  letGo(pair.secondary);
  pair.finish(connected);
  pair.untilSwept();
  expect(pair.primary.durable.control?.identity.loadId).toEqual(pair.secondary.durable.control?.identity.loadId);
  pair.reboot(pair.secondary);
  pair.untilSynchronized();
});

test.each(['dirty', 'written'] as const)('rule 16: a secondary with access serves its hosts, and keeps what they wrote, whatever damage of the %s map has done to its label', (map) => {
  const pair = splitPair();
  const { secondary } = pair;
  secondary.powerOff();
  damage(secondary.board, secondary.durable.layout[map]);
  pair.boot(secondary);
  const read = new Uint8Array(GRAIN);
  pair.finish(secondary.read(3 * GRAIN, read));
  expect([secondary.status().secondaryAccess, read[0]]).toEqual([true, 0x60]);
  pair.command(secondary, { case: 'dissolve', value: {} });
  expect([Role[secondary.status().role], secondary.volume()[3 * GRAIN]]).toEqual(['STANDALONE', 0x60]);
});

test('rule 16: a host write under way when a standalone card is told to connect, and not to overwrite, is counted', () => {
  const pair = livePair();
  pair.command(pair.secondary, { case: 'dissolve', value: {} });
  holding(pair.secondary, flushesVolume);
  const written = pair.secondary.write(5 * GRAIN, new Uint8Array(512).fill(7), true);
  pair.settle();
  const connected = pair.secondary.admin({ case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: false } });
  pair.settle();
  letGo(pair.secondary);
  pair.finish(written);
  expect(Status[pair.finish(connected).status]).toBe('HOSTS_HAVE_WRITTEN');
});
