import { describe, expect, test } from 'vitest';
import { CardImage } from '../../../emulator/simulation/card-image.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { dirtyGrains } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import type { PairSide } from '../support/pair-side.js';
import { carry, exportT0, load, seededPair } from '../support/seeding.js';

const GRAIN = 4096;

/** What the secondary is told when it asks. */
function refusalOf(pair: Pair, side: PairSide = pair.secondary): { status: string | undefined; detail: string } {
  pair.until('the secondary is answered', () => side.status().linkStatus !== Status.SUCCESS, 10_000);
  const { linkStatus, linkDetail } = side.status();
  return { status: Status[linkStatus], detail: linkDetail };
}

/** Another card at the same line, formatted and up. */
function anotherCard(pair: Pair, name: string): PairSide {
  return pair.join(name, pair.primary.board.geometry, 77 + name.charCodeAt(0));
}

const connectCommand = { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } } as const;

test('rule 8: a seeded secondary is admitted, bound for good, and both count the session', () => {
  const pair = seededPair();
  pair.connect();
  pair.untilSynchronized();
  const [p, s] = pair.sides.map((side) => side.components.core.state.control.current.identity);
  expect(p?.loadId).toEqual(s?.loadId);
  expect([p?.loadId.length, p?.sessionCounter, s?.sessionCounter]).toEqual([16, 1n, 1n]);
  pair.wire.cut();
  pair.wire.restore();
  pair.untilSynchronized();
  expect(pair.sides.map((side) => side.durable.control?.identity.sessionCounter)).toEqual([2n, 2n]);
});

test('rule 8: the primary is bound durably before the first bit is cleared', () => {
  const pair = seededPair();
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(9), true));
  pair.connect();
  pair.until('the grain is on its way', () => pair.wire.sent.some((frame) => frame.case === 'grainData'));
  expect(pair.primary.durable.control?.identity.loadId).toEqual(pair.secondary.durable.control?.identity.loadId);
});

test('rule 8: the same medium on a replacement card is refused after synchronization, by name', () => {
  const pair = seededPair();
  pair.connect();
  pair.untilSynchronized();
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(9), true));
  pair.untilSwept();
  pair.secondary.powerOff();
  const replacement = anotherCard(pair, 'R');
  carry(pair.primary, replacement);
  load(pair, replacement);
  pair.command(replacement, connectCommand);
  expect(refusalOf(pair, replacement).status).toBe('OTHER_SECONDARY');
  expect(Status[pair.primary.status().linkStatus]).toBe('OTHER_SECONDARY');
  // Nothing has changed: the secondary itself comes back as if nothing had been.
  replacement.powerOff();
  pair.boot(pair.secondary);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 8: a replacement card is admitted by the explicit command alone, and gets everything', () => {
  const pair = seededPair();
  pair.connect();
  pair.untilSynchronized();
  pair.secondary.powerOff();
  const replacement = anotherCard(pair, 'R');
  carry(pair.primary, replacement);
  load(pair, replacement);
  pair.command(replacement, { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
  pair.until('everything has crossed', () => replacement.components.requester.session?.phase === 'synchronized');
  expect(replacement.status().grainsSynchronized).toBe(256n);
  replacement.powerOff();
  pair.boot(pair.secondary);
  expect(refusalOf(pair).status).toBe('OTHER_SECONDARY');
});

test('rule 8: the explicit command at another card does not take the place of a live secondary', () => {
  const pair = livePair();
  const other = anotherCard(pair, 'R');
  pair.command(other, { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
  expect(refusalOf(pair, other).status).toBe('OTHER_SECONDARY');
  expect(pair.synchronized).toBe(true);
});

test('rule 8: a secondary with the state of an earlier day is refused', () => {
  const pair = seededPair();
  pair.connect();
  pair.untilSynchronized();
  pair.untilSwept();
  const { image, geometry } = pair.secondary.board;
  const former = new CardImage(geometry);
  former.copyFrom(image);
  // A later session, of which that state knows nothing.
  pair.reboot(pair.secondary);
  pair.untilSynchronized();
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(9), true));
  pair.untilSwept();
  pair.secondary.powerOff();
  image.copyFrom(former);
  pair.boot(pair.secondary);
  expect(refusalOf(pair)).toMatchObject({ status: 'STALE_SECONDARY' });
  expect(pair.differingGrains()).toEqual([0]);
});

test('rule 8: a medium of an earlier T0 is refused once a later one was exported', () => {
  const pair = seededPair();
  pair.command(pair.primary, { case: 'flashCopyStart', value: {} });
  exportT0(pair, '/media/later');
  pair.connect();
  expect(refusalOf(pair).status).toBe('WRONG_MEDIUM');
});

test('rule 8: a secondary of an earlier establishment is refused', () => {
  const pair = seededPair();
  pair.command(pair.primary, { case: 'dissolve', value: {} });
  pair.establish();
  pair.connect();
  expect(refusalOf(pair).status).toBe('WRONG_RELATIONSHIP');
});

test('rule 8: a stopped primary refuses, and admits once it is started', () => {
  const pair = seededPair();
  pair.command(pair.primary, { case: 'stop', value: { access: false } });
  pair.connect();
  expect(refusalOf(pair).status).toBe('STOPPED');
  pair.command(pair.primary, { case: 'start', value: { discardSecondary: false } });
  pair.untilSynchronized();
});

test('rule 8: a card that is no primary refuses', () => {
  const pair = new Pair();
  pair.connect(true);
  expect(refusalOf(pair).status).toBe('NOT_PRIMARY');
});

test('rule 8: a card that is its own peer is refused', () => {
  const pair = livePair();
  pair.command(pair.secondary, { case: 'connectPeer', value: { address: 'S', conventional: true, overwrite: true } });
  expect(refusalOf(pair).status).toBe('SELF_CONNECTION');
});

test('rule 8: a secondary that loaded nothing cannot ask but for everything', () => {
  const pair = new Pair();
  pair.establish();
  expect(Status[pair.admin(pair.secondary, connectCommand)]).toBe('NOT_LOADED');
});

describe('rule 8: a card of another', () => {
  test.each([
    ['size', { sizeBytes: 2 * 1024 * 1024, grainBytes: GRAIN }, 'WRONG_SIZE'],
    ['grain size', { sizeBytes: 1024 * 1024, grainBytes: 2 * GRAIN }, 'WRONG_GRAIN_SIZE'],
  ])('rule 8: %s is refused even by the explicit command', (_what, { sizeBytes, grainBytes }, refusal) => {
    const pair = new Pair();
    pair.establish();
    const other = pair.join('R', { sizeBytes, grainBytes, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 }, 5);
    pair.command(other, { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
    expect(refusalOf(pair, other).status).toBe(refusal);
  });
});

test('rule 8: a refusal leaves the primary as it was, its live secondary too', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(9)));
  const stranger = anotherCard(pair, 'R');
  const before = pair.primary.durable.control?.sequence;
  // A stranger with access: its fork is none of this pair's business.
  const elsewhere = anotherCard(pair, 'Q');
  pair.command(elsewhere, { case: 'establish', value: { secondaryName: 'R', flashCopy: false } });
  pair.command(stranger, { case: 'connectPeer', value: { address: 'Q', conventional: true, overwrite: true } });
  pair.until('the strangers are synchronized', () => stranger.components.requester.session?.phase === 'synchronized');
  pair.command(stranger, { case: 'disconnectPeer', value: {} });
  pair.command(stranger, { case: 'stop', value: { access: true } });
  pair.command(stranger, connectCommand);
  expect(refusalOf(pair, stranger).status).toBe('SECONDARY_HAS_ACCESS');
  expect([pair.synchronized, pair.primary.status().diverged, pair.primary.durable.control?.sequence]).toEqual([true, false, before]);
  expect(dirtyGrains(pair.primary).length).toBeLessThanOrEqual(1);
});

test('rule 8: a stop that comes while a new session waits for the old one to drain is obeyed', () => {
  const pair = livePair();
  // The old session cannot drain: its merge of nothing, its sweep, wait for the disk.
  pair.finish(pair.primary.write(0, new Uint8Array(512).fill(9)));
  pair.primary.board.power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'flush' ? 'hold' : undefined);
  pair.until('the sweep waits for the disk', () => pair.primary.board.power.held.length > 0);
  pair.wire.cut();
  pair.wire.restore();
  pair.until('the secondary has asked anew', () => pair.wire.sent.filter((frame) => frame.case === 'hello').length >= 2);
  pair.pass(100);
  const stopped = pair.primary.admin({ case: 'stop', value: { access: false } });
  pair.settle();
  pair.primary.board.power.intercept = undefined;
  pair.primary.board.power.release();
  pair.finish(stopped);
  pair.pass(3000);
  expect(pair.primary.components.primary.session).toBeUndefined();
  expect(refusalOf(pair).status).toBe('STOPPED');
});

test('rule 8: no session begins on a card that is being dissolved', () => {
  const pair = livePair();
  const { primary } = pair;
  // The last host write holds the dissolution up: its session is over, its commit has not come.
  primary.board.power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'write' ? 'hold' : undefined);
  const written = primary.write(0, new Uint8Array(512).fill(9));
  pair.settle();
  const dissolved = primary.admin({ case: 'dissolve', value: {} });
  pair.pass(3000);
  expect([dissolved.ended, primary.components.primary.session]).toEqual([false, undefined]);
  primary.board.power.intercept = undefined;
  primary.board.power.release();
  pair.finish(written);
  pair.finish(dissolved);
  expect(refusalOf(pair).status).toBe('NOT_PRIMARY');
  expect(primary.durable.control?.identity.loadId.length).toBe(0);
});
