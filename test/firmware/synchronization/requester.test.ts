import { describe, expect, test } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LinkState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { LINK_SILENCE_MS, REDIAL_MAX_MS } from '../../../firmware/limits.js';
import { livePair, Pair } from '../support/pair.js';
import { carry, exportT0, seededPair } from '../support/seeding.js';
import { MEDIUM } from '../support/contents.js';

const hellos = (pair: Pair): number => pair.wire.sent.filter((frame) => frame.case === 'hello').length;

describe('nothing is dialled', () => {
  test.each<[string, () => Pair]>([
    ['by a standalone card', () => new Pair()],
    ['by a primary', () => {
      const pair = new Pair();
      pair.establish();
      return pair;
    }],
    ['by a secondary that nobody wished to be connected', () => seededPair()],
    ['by a secondary that was disconnected', () => {
      const pair = livePair();
      pair.command(pair.secondary, { case: 'disconnectPeer', value: {} });
      return pair;
    }],
    ['by a stopped secondary', () => {
      const pair = livePair();
      pair.command(pair.secondary, { case: 'stop', value: { access: false } });
      return pair;
    }],
    ['while a medium is loaded', () => {
      const pair = livePair();
      pair.finish(pair.primary.write(0, new Uint8Array(65536).fill(1)));
      pair.command(pair.primary, { case: 'flashCopyStart', value: {} });
      exportT0(pair);
      carry(pair.primary, pair.secondary);
      pair.secondary.board.power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'write' ? 'hold' : undefined);
      pair.command(pair.secondary, { case: 'mediumLoad', value: { path: MEDIUM, overwrite: true } });
      return pair;
    }],
  ])('%s', (_what, made) => {
    const pair = made();
    pair.wire.sent = [];
    pair.pass(5 * REDIAL_MAX_MS);
    expect(hellos(pair)).toBe(0);
    expect([LinkState.NONE, LinkState.LISTENING]).toContain(pair.secondary.status().linkState);
  });
});

test('a primary that is not there is tried again and again, at growing distances, and found when it comes', () => {
  const pair = livePair();
  pair.primary.powerOff();
  pair.pass(20 * REDIAL_MAX_MS);
  expect(pair.secondary.status()).toMatchObject({ linkState: LinkState.CONNECTING, linkStatus: Status.LINK_LOST });
  expect(pair.wire.dials).toBeGreaterThan(15);
  expect(pair.wire.dials).toBeLessThan(40);
  pair.boot(pair.primary);
  pair.until('it is found', () => pair.synchronized, 2 * REDIAL_MAX_MS);
});

test('a primary that refuses is asked again, and no faster than that', () => {
  const pair = livePair();
  pair.command(pair.primary, { case: 'stop', value: { access: false } });
  pair.wire.sent = [];
  pair.pass(20 * REDIAL_MAX_MS);
  expect(pair.secondary.status()).toMatchObject({ linkState: LinkState.REFUSED, linkStatus: Status.STOPPED });
  expect(hellos(pair)).toBeGreaterThan(15);
  expect(hellos(pair)).toBeLessThan(40);
});

test('a Hello that is not answered is given up within the link timeout, and said anew', () => {
  const pair = new Pair();
  pair.establish();
  pair.wire.fault = (frame) => (frame.decode().body.case === 'hello' ? 'drop' : 'deliver');
  pair.connect(true);
  pair.pass(LINK_SILENCE_MS + REDIAL_MAX_MS);
  expect([hellos(pair), pair.secondary.status().linkDetail]).toEqual([2, 'the primary did not answer']);
  pair.wire.fault = undefined;
  pair.untilSynchronized();
});

test('whoever hangs up on a Hello, or does not answer it, has refused nothing', () => {
  const pair = new Pair();
  pair.establish();
  pair.wire.fault = (frame) => (frame.decode().body.case === 'hello' ? 'drop' : 'deliver');
  pair.connect(true);
  pair.wire.cut();
  pair.settle();
  pair.wire.restore();
  expect(pair.secondary.status()).toMatchObject({ linkState: LinkState.CONNECTING, linkStatus: Status.LINK_LOST });
  // Past the time limit of the second Hello, and short of the third.
  pair.pass(LINK_SILENCE_MS + REDIAL_MAX_MS / 10);
  expect(pair.secondary.status()).toMatchObject({ linkState: LinkState.CONNECTING, linkDetail: 'the primary did not answer' });
});

test('an answer to an earlier Hello is none', () => {
  const pair = new Pair();
  pair.establish();
  pair.wire.fault = (frame) => (frame.from === 'P' ? 'hold' : 'deliver');
  pair.connect(true);
  pair.pass(LINK_SILENCE_MS + REDIAL_MAX_MS);
  const [late] = pair.wire.heldFrames;
  if (late === undefined) throw new Error('nothing was answered');
  expect(late.decode().body.case).toBe('welcome');
  pair.wire.inject('P', late.bytes);
  pair.settle();
  expect(pair.secondary.components.requester.session).toBeUndefined();
  pair.wire.fault = undefined;
  pair.untilSynchronized();
});

test('a wish is acted on at once, and the end of a wish too', () => {
  const pair = livePair();
  pair.command(pair.secondary, { case: 'disconnectPeer', value: {} });
  expect(pair.primary.components.primary.session).toBeUndefined();
  pair.command(pair.secondary, { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } });
  pair.settle();
  expect(pair.synchronized).toBe(true);
});

test('another address is dialled when the operator says so', () => {
  const pair = livePair();
  pair.wire.cut();
  pair.command(pair.secondary, { case: 'connectPeer', value: { address: 'nowhere', conventional: false, overwrite: false } });
  pair.wire.restore();
  pair.pass(3000);
  expect([pair.synchronized, pair.secondary.status().linkDetail]).toEqual([false, 'nobody answers at nowhere']);
  pair.command(pair.secondary, { case: 'connectPeer', value: { address: 'P', conventional: false, overwrite: false } });
  pair.untilSynchronized();
});
