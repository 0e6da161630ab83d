import { describe, expect, test } from 'vitest';
import { HostSpan } from '../../../emulator/simulation/host-span.js';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { FlashCopyState, JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { holding, letGo, persists } from '../support/operations.js';
import { faultsOf, livePair, Pair, type PairOptions } from '../support/pair.js';
import { carry, exportT0, load, untilJobEnds } from '../support/seeding.js';
import { flipBit, MEDIUM, mediumBytes } from '../support/contents.js';

const GRAIN = 4096;
const SPAN = new HostSpan([{ first: 0, count: 240 }]);

/** A primary with data all over the first grains, none of it flushed, and a host that goes on. */
function writingPrimary(options: PairOptions): { readonly pair: Pair; readonly hosts: SimHosts } {
  const pair = new Pair({ storm: true, watchCover: true, ...options });
  const hosts = new SimHosts(pair.primary.board, 1, complaintsTo('data'));
  for (let i = 0; i < 12; i += 1) {
    hosts.change(pair.random, SPAN);
    pair.untilAnswered(hosts);
  }
  return { pair, hosts };
}

/** Lets the host write on for a while. */
function writeOn(pair: Pair, hosts: SimHosts, writes: number): void {
  for (let i = 0; i < writes && pair.primary.isUp; i += 1) {
    if (hosts.underWay < 4) hosts.change(pair.random, SPAN);
    for (let moves = 0; moves < 40 && pair.move(); moves += 1);
    hosts.note();
  }
}

/** T0 as it was: what hosts see right after T0 is taken and before they write on. */
function takeT0(pair: Pair): Buffer {
  pair.establish(true);
  return pair.primary.volume();
}

function exportGrain(pair: Pair): void {
  pair.command(pair.primary, { case: 'mediumExport', value: { path: MEDIUM } });
}

test('rule 6: the medium holds T0 and nothing else, while hosts write on', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const { pair, hosts } = writingPrimary({ seed });
    const t0 = takeT0(pair);
    exportGrain(pair);
    writeOn(pair, hosts, 30);
    untilJobEnds(pair, pair.primary);
    carry(pair.primary, pair.secondary);
    load(pair, pair.secondary);
    expect(pair.secondary.volume().equals(t0)).toBe(true);
    writeOn(pair, hosts, 10);
    pair.connect();
    pair.untilSwept();
    expect([pair.differingGrains(), faultsOf(pair.primary, hosts)]).toEqual([[], []]);
  }
});

test('rule 6: cuts of the primary during the export: the medium ends as T0, or T0 has ended and the next one is whole', () => {
  let resumed = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const { pair, hosts } = writingPrimary({ seed });
    const t0 = takeT0(pair);
    hosts.note();
    pair.primary.board.cutAfter(pair.random.below(250), { damage: seed % 4 === 0 });
    if (pair.primary.isUp) pair.primary.admin({ case: 'mediumExport', value: { path: MEDIUM } });
    writeOn(pair, hosts, 25);
    pair.primary.board.power.onEffect = undefined;
    hosts.note();
    pair.reboot(pair.primary, { damage: seed % 4 === 0 });
    hosts.forget();
    pair.until('the primary is up', () => pair.primary.isUp);
    const { content } = pair.primary.durable;
    expect(seed % 4 === 0 ? [] : hosts.model.faults(content, hosts.model.afterCut)).toEqual([]);
    hosts.model.settleOn(content);
    writeOn(pair, hosts, 5);
    const expected = resumeOrTakeAnew(pair, t0);
    if (expected === t0) resumed += 1;
    carry(pair.primary, pair.secondary);
    load(pair, pair.secondary);
    expect(pair.secondary.volume().equals(expected)).toBe(true);
    pair.connect();
    pair.untilSwept();
    expect(pair.differingGrains()).toEqual([]);
  }
  expect(resumed).toBeGreaterThan(3);
});

/** Goes on with the export; takes a new T0 where the old one has ended. Returns what the medium has to hold. */
function resumeOrTakeAnew(pair: Pair, t0: Buffer): Buffer {
  const asked = pair.finish(pair.primary.admin({ case: 'mediumExport', value: { path: MEDIUM } }));
  if (asked.status === Status.SUCCESS) {
    pair.until('the job ends', () => pair.primary.components.jobs.status?.state !== JobState.RUNNING);
    if (pair.primary.components.jobs.status?.state === JobState.SUCCEEDED) return t0;
  }
  // Either it was done already, or T0 has ended.
  if (asked.status === Status.NO_FLASH_COPY && (pair.primary.durable.control?.identity.mediumRoot.length ?? 0) > 0) return t0;
  pair.primary.board.shelf.delete(MEDIUM);
  const { role, flashCopyState } = pair.primary.status();
  expect(role).toBe(Role.PRIMARY);
  if (flashCopyState === FlashCopyState.COPYING) pair.finish(pair.primary.admin({ case: 'flashCopyStop', value: {} }));
  pair.finish(pair.primary.flush());
  pair.command(pair.primary, { case: 'flashCopyStart', value: {} });
  const anew = pair.primary.volume();
  exportT0(pair);
  return anew;
}

test('rule 6: a full store ends T0 with an error; hosts go on, and a new T0 in the same generation is good', () => {
  const pair = new Pair({ watchCover: true });
  pair.finish(pair.primary.write(0, new Uint8Array(200 * GRAIN).fill(1)));
  pair.establish(true);
  const { generation } = pair.primary.status();
  // The store holds 64 grains.
  for (let grain = 0; grain < 70; grain += 1) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(2), true));
  expect(Status[pair.primary.status().flashCopyStatus]).toBe('FLASH_COPY_STORE_FULL');
  expect(Status[pair.admin(pair.primary, { case: 'mediumExport', value: { path: MEDIUM } })]).not.toBe('SUCCESS');
  pair.command(pair.primary, { case: 'flashCopyStart', value: {} });
  exportT0(pair);
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(3)));
  carry(pair.primary, pair.secondary);
  load(pair, pair.secondary);
  pair.connect();
  pair.untilSwept();
  expect([pair.differingGrains(), pair.primary.status().generation]).toEqual([[], generation]);
});

test('rule 6: an unsealed medium is refused, and the card stays what it was', () => {
  const pair = new Pair();
  pair.finish(pair.primary.write(0, new Uint8Array(100 * GRAIN).fill(1)));
  pair.establish(true);
  pair.primary.board.power.intercept = ({ part, kind, offsetBytes }) => (part === 'medium' && kind === 'write' && offsetBytes > 64 * 1024 ? 'hold' : undefined);
  pair.command(pair.primary, { case: 'mediumExport', value: { path: MEDIUM } });
  pair.settle();
  carry(pair.primary, pair.secondary);
  expect(Status[pair.admin(pair.secondary, { case: 'mediumLoad', value: { path: MEDIUM, overwrite: false } })]).toBe('MEDIUM_UNSEALED');
  expect(pair.secondary.status().role).toBe(Role.STANDALONE);
});

describe('rule 7: a load', () => {
  /** A pair whose medium is at the secondary, not loaded. */
  function carriedPair(seed: number): { readonly pair: Pair; readonly t0: Buffer } {
    const pair = new Pair({ seed, storm: true });
    pair.finish(pair.primary.write(0, new Uint8Array(64 * GRAIN).fill(1)));
    pair.finish(pair.primary.write(90 * GRAIN, new Uint8Array(20 * GRAIN).fill(2)));
    const t0 = takeT0(pair);
    exportT0(pair);
    carry(pair.primary, pair.secondary);
    return { pair, t0 };
  }

  test('rule 7: that is cut at any effect is resumed or started again, and never taken for loaded', () => {
    let effects = Number.POSITIVE_INFINITY;
    for (let cutAfter = 0; cutAfter < effects; cutAfter += 2) {
      const { pair, t0 } = carriedPair(cutAfter + 1);
      const { secondary } = pair;
      const first = secondary.board.power.effects;
      secondary.board.cutAfter(cutAfter);
      secondary.admin({ case: 'mediumLoad', value: { path: MEDIUM, overwrite: false } });
      pair.settle();
      if (secondary.board.power.on) effects = secondary.board.power.effects - first;
      pair.reboot(secondary);
      pair.until('the secondary is up', () => secondary.isUp);
      if (secondary.durable.control?.identity.generation === pair.primary.status().generation) {
        expect(secondary.volume().equals(t0)).toBe(true);
      } else {
        // Asking for synchronization has to wait for the load.
        expect(Status[pair.admin(secondary, { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } })]).toBe('NOT_LOADED');
        load(pair, secondary);
      }
      expect(secondary.volume().equals(t0)).toBe(true);
      pair.connect();
      pair.untilSwept();
      expect([pair.primary.status().grainsSynchronized, pair.differingGrains()]).toEqual([0n, []]);
    }
    expect(effects).toBeGreaterThan(10);
  });

  test('rule 7: begins with no session under way, not even one whose dial was', () => {
    const pair = livePair();
    const { primary, secondary } = pair;
    pair.finish(primary.write(0, new Uint8Array(10 * GRAIN).fill(1)));
    pair.command(primary, { case: 'flashCopyStart', value: {} });
    exportT0(pair);
    carry(primary, secondary);
    const { positions, written } = secondary.durable.layout;
    pair.wire.cut();
    pair.wire.holdDials = true;
    pair.pass(1000);
    pair.wire.restore();
    // The load is about to begin; the dial goes through, and all of a session but its last frame.
    holding(secondary, (operation) => positions.some((line) => persists(operation, line)));
    const asked = secondary.admin({ case: 'mediumLoad', value: { path: MEDIUM, overwrite: true } });
    pair.settle();
    pair.wire.fault = (frame) => (frame.decode().body.case === 'synchronized' ? 'hold' : 'deliver');
    pair.wire.holdDials = false;
    pair.settle();
    // "Loading" is durable; now the last frame comes.
    holding(secondary, (operation) => persists(operation, written));
    secondary.board.power.release((operation) => positions.some((line) => persists(operation, line)));
    pair.settle();
    pair.wire.releaseHeld();
    pair.settle();
    expect([secondary.durable.control?.loadState, secondary.durable.control?.consistent]).toEqual([LoadState.LOADING, false]);
    letGo(secondary);
    pair.finish(asked);
    untilJobEnds(pair, secondary);
  });

  test('rule 7: that is cut is not readable before it is done', () => {
    const { pair } = carriedPair(1);
    const { secondary } = pair;
    secondary.board.cutAfter(12);
    secondary.admin({ case: 'mediumLoad', value: { path: MEDIUM, overwrite: false } });
    pair.settle();
    expect(secondary.board.power.on).toBe(false);
    pair.reboot(secondary);
    pair.until('the secondary is up', () => secondary.isUp);
    const read = secondary.read(0, new Uint8Array(512));
    pair.settle();
    expect(() => { read.result(); }).toThrow('READ_INCONSISTENT');
  });

  test('rule 7: of a medium that is damaged anywhere never ends as loaded', () => {
    for (let at = 100; at < 330_000; at += 24_001) {
      const { pair } = carriedPair(1);
      if (at >= mediumBytes(pair.secondary.board).length) continue;
      flipBit(pair.secondary.board, at);
      const asked = pair.finish(pair.secondary.admin({ case: 'mediumLoad', value: { path: MEDIUM, overwrite: false } }));
      if (asked.status === Status.SUCCESS) pair.until('the job ends', () => pair.secondary.components.jobs.status?.state === JobState.FAILED);
      expect(pair.secondary.durable.control?.identity.generation).toBe(0n);
    }
  });
});
