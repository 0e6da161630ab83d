import { expect, test } from 'vitest';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { LINK_RECEIVE_BUFFERS, LINK_SILENCE_MS, MAX_INTENT_GRAINS, MAX_MIRRORS_IN_FLIGHT, MAX_PEER_CONNECTIONS, SYNC_BUFFERS } from '../../../firmware/limits.js';
import { live } from '../support/lives.js';
import { flushesVolume, holding, letGo } from '../support/operations.js';
import { faultsOf, livePair, Pair } from '../support/pair.js';
import type { PairSide } from '../support/pair-side.js';

const GRAIN = 4096;

/** Tasks and locks of a card that nobody asks anything of. */
function idle(side: PairSide): { readonly tasks: number; readonly locks: number; readonly writes: number } {
  const { core } = side.components;
  return { tasks: core.loop.tasks, locks: core.locks.count, writes: core.hostWrites.inside };
}

test('rule 18: when all faults stop, the pair becomes synchronized, and every durable write is on both cards', () => {
  // Some of these seeds have hosts write the same few grains again and again.
  for (let seed = 1; seed <= 16; seed += 1) live({ seed, misfortunes: ['cutPrimary', 'cutSecondary', 'cutLine', 'stallLine', 'meddle'] });
});

test('rule 18: hundreds of sessions leave no task, lock or buffer behind', () => {
  const pair = livePair();
  pair.untilSwept();
  pair.pass(LINK_SILENCE_MS);
  const before = pair.sides.map(idle);
  for (let i = 0; i < 3 * SYNC_BUFFERS; i += 1) {
    const written = pair.primary.write((i % 250) * GRAIN, new Uint8Array(3 * GRAIN).fill(i));
    // Lost at another moment each time, in the middle of what it carries.
    for (let moves = 0; moves < i % 50 && pair.move(); moves += 1);
    pair.wire.cut(i % 3 === 0);
    pair.pass(50);
    pair.wire.restore();
    pair.finish(written);
  }
  pair.untilSwept();
  pair.pass(LINK_SILENCE_MS);
  expect(pair.sides.map(idle)).toEqual(before);
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 18: sessions whose disk fails leave no task, lock or buffer behind', () => {
  const pair = livePair({ maxPayloadBytes: 1024 });
  pair.untilSwept();
  pair.pass(LINK_SILENCE_MS);
  const before = pair.sides.map(idle);
  let count = 0;
  for (const side of pair.sides) {
    side.board.power.intercept = ({ part }) => {
      count += 1;
      return part === 'volume' && count % 7 === 0 ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined;
    };
  }
  for (let i = 0; i < 100; i += 1) {
    pair.primary.write((i % 250) * GRAIN, new Uint8Array(2 * GRAIN).fill(i), i % 2 === 0);
    pair.pass(50);
  }
  for (const side of pair.sides) side.board.power.intercept = undefined;
  pair.untilSwept();
  pair.pass(LINK_SILENCE_MS);
  expect(pair.sides.map(idle)).toEqual(before);
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 18: a host that floods a stuck line is held back, and let go when the line is lost', () => {
  const pair = livePair();
  pair.wire.stalled.add('P').add('S');
  const writes = Array.from({ length: 3 * MAX_MIRRORS_IN_FLIGHT }, (_, i) => pair.primary.write((i % 256) * GRAIN, new Uint8Array(512).fill(i)));
  pair.settle();
  pair.pass(2 * LINK_SILENCE_MS);
  for (const written of writes) pair.finish(written);
  pair.wire.stalled.clear();
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 18: a secondary whose disk is slow is not taken for a peer that is silent', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(256 * GRAIN).fill(1), true));
  pair.untilSwept();
  const session = pair.primary.components.primary.session;
  holding(pair.secondary, flushesVolume);
  // More than the secondary has receive buffers: heartbeats queue up behind them.
  const writes = Array.from({ length: 2 * LINK_RECEIVE_BUFFERS }, (_, i) => pair.primary.write(i * GRAIN, new Uint8Array(512).fill(2), true));
  pair.pass(3 * LINK_SILENCE_MS);
  expect(writes.every((written) => !written.ended)).toBe(true);
  letGo(pair.secondary);
  for (const written of writes) pair.finish(written);
  expect(pair.primary.components.primary.session).toBe(session);
  expect(session?.session.ended).toBeUndefined();
});

test('rule 18: intents are bounded however much is written, and the sweep makes room', () => {
  const geometry = { sizeBytes: 32 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 };
  const pair = livePair({ geometry });
  let most = 0;
  const zeroes = Array.from({ length: 16 }, (_, i) => pair.primary.zero(i * 2 * 1024 * 1024, 2 * 1024 * 1024));
  while (zeroes.some((zero) => !zero.ended)) {
    for (let moves = 0; moves < 50 && pair.move(); moves += 1) most = Math.max(most, pair.primary.components.tracking.intentCount);
    pair.pass(10);
  }
  expect(most).toBeLessThanOrEqual(MAX_INTENT_GRAINS);
  expect(most).toBeGreaterThan(MAX_INTENT_GRAINS / 4);
  pair.untilSwept();
});

test('rule 18: strangers that connect and say nothing do not keep the secondary out', () => {
  const pair = new Pair();
  pair.establish();
  for (let i = 0; i < 2 * MAX_PEER_CONNECTIONS; i += 1) pair.wire.connectSilently('P');
  pair.connect(true);
  pair.untilSynchronized();
  const session = pair.primary.components.primary.session;
  for (let i = 0; i < 2 * MAX_PEER_CONNECTIONS; i += 1) pair.wire.connectSilently('P');
  pair.settle();
  expect(pair.primary.components.primary.session).toBe(session);
});

test.each(['hello', 'welcome', 'accept'])('rule 18: a line that sticks behind the "%s" holds up nobody who comes on another', (last) => {
  const pair = new Pair();
  pair.establish();
  pair.wire.fault = (frame) => {
    if (frame.decode().body.case === last) pair.wire.stick();
    return 'deliver';
  };
  pair.connect(true);
  pair.wire.fault = undefined;
  // At once for whoever starts anew, and within the link timeout for whoever does not.
  pair.reboot(pair.secondary, { silent: true });
  pair.until('the pair is synchronized', () => pair.synchronized, LINK_SILENCE_MS);
  pair.wire.stick();
  pair.until('the loss is noticed', () => !pair.synchronized, 2 * LINK_SILENCE_MS);
  pair.untilSynchronized();
});

test('rule 18: the operator\'s stop ends within the link timeout on a stuck line', () => {
  const pair = livePair();
  pair.wire.stalled.add('P').add('S');
  const stopped = pair.primary.admin({ case: 'stop', value: { access: false } });
  pair.until('the command ends', () => stopped.ended, 2 * LINK_SILENCE_MS);
});

test('rule 18: hosts of a primary go on while the secondary comes and goes', () => {
  const pair = livePair();
  const hosts = new SimHosts(pair.primary.board, 1, complaintsTo('data'));
  for (let i = 0; i < 12; i += 1) {
    pair.secondary.powerOff({ silent: i % 2 === 0 });
    hosts.write(i * 8, 8, true);
    pair.untilAnswered(hosts, 2 * LINK_SILENCE_MS);
    pair.boot(pair.secondary);
    hosts.write(200 + i, 4, true);
    pair.untilAnswered(hosts);
  }
  pair.untilSwept();
  expect([pair.differingGrains(), faultsOf(pair.primary, hosts)]).toEqual([[], []]);
});
