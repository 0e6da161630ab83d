import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { HostSpan } from '../../../emulator/simulation/host-span.js';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { dirtyGrains, holding, letGo, writesVolume } from '../support/operations.js';
import { faultsOf, livePair, Pair } from '../support/pair.js';
import type { WireFrame } from '../support/watched-link.js';

const GRAIN = 4096;
const SPAN = new HostSpan([{ first: 0, count: 200 }]);

/** Keeps every frame that crosses. */
function recording(pair: Pair): WireFrame[] {
  const frames: WireFrame[] = [];
  pair.wire.fault = (frame) => {
    frames.push({ ...frame, bytes: frame.bytes.slice() });
    return 'deliver';
  };
  return frames;
}

function frame(init: MessageInitShape<typeof LinkFrameSchema>): Uint8Array {
  return toBinary(LinkFrameSchema, create(LinkFrameSchema, init));
}

test('rule 9: no frame of an earlier session counts in the next one', () => {
  const pair = livePair();
  const frames = recording(pair);
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(1), true));
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(2), true));
  pair.untilSwept();
  pair.wire.fault = undefined;
  pair.wire.cut();
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(3), true));
  pair.wire.restore();
  pair.untilSwept();
  for (const late of frames) pair.wire.inject(late.from, late.bytes);
  pair.settle();
  expect(pair.synchronized).toBe(true);
  expect([pair.differingGrains(), pair.secondary.volume()[0]]).toEqual([[], 3]);
});

test('rule 9: late acknowledgements of an earlier session complete no write of this one', () => {
  const pair = livePair();
  const frames = recording(pair);
  for (let i = 0; i < 20; i += 1) pair.finish(pair.primary.write(i * GRAIN, new Uint8Array(512).fill(1)));
  pair.wire.fault = undefined;
  pair.wire.cut();
  pair.wire.restore();
  pair.untilSwept();
  holding(pair.secondary, writesVolume);
  const written = pair.primary.write(0, new Uint8Array(512).fill(2));
  pair.settle();
  for (const late of frames.filter(({ from }) => from === 'S')) pair.wire.inject('S', late.bytes);
  pair.settle();
  expect([written.ended, pair.synchronized]).toEqual([false, true]);
  letGo(pair.secondary);
  pair.finish(written);
});

test('rule 9: every frame of a session twice changes nothing', () => {
  const pair = livePair();
  pair.wire.fault = (wireFrame) => (wireFrame.decode().session === 0n ? 'deliver' : 'twice');
  const hosts = new SimHosts(pair.primary.board, 1, complaintsTo('data'));
  const hostWork = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      hosts.any(pair.random, SPAN);
      pair.untilAnswered(hosts);
    }
  };
  hostWork(40);
  pair.wire.cut();
  hostWork(10);
  pair.wire.restore();
  pair.untilSwept();
  const sessions = pair.primary.durable.control?.identity.sessionCounter;
  pair.pass(2000);
  expect(pair.primary.durable.control?.identity.sessionCounter).toBe(sessions);
  expect([pair.differingGrains(), faultsOf(pair.primary, hosts)]).toEqual([[], []]);
});

describe.each(['P', 'S'])('rule 9: a frame of %s', (sender) => {
  test.each(['drop', 'hold'] as const)('rule 9: that is subject to "%s" costs the session and no data, whichever frame it is', (verdict) => {
    for (let which = 0; which < 24; which += 2) {
      const pair = livePair({ seed: which + 1 });
      let left = which;
      pair.wire.fault = ({ from }) => {
        if (from !== sender) return 'deliver';
        left -= 1;
        return left === -1 ? verdict : 'deliver';
      };
      const hosts = new SimHosts(pair.primary.board, 1, complaintsTo('data'));
      for (let i = 0; i < 12; i += 1) hosts.any(pair.random, SPAN);
      pair.pass(200);
      pair.wire.cut();
      pair.wire.restore();
      pair.pass(600);
      pair.wire.releaseHeld();
      pair.untilAnswered(hosts);
      pair.untilSwept();
      expect([pair.differingGrains(), faultsOf(pair.primary, hosts)]).toEqual([[], []]);
    }
  });
});

test('rule 9: the secondary opens no session before its disk has ended what the last one left it', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  holding(pair.secondary, writesVolume);
  const written = pair.primary.write(0, new Uint8Array(GRAIN).fill(2));
  pair.settle();
  pair.wire.cut();
  pair.finish(written);
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(3), true));
  pair.wire.restore();
  pair.wire.sent = [];
  pair.pass(5000);
  expect(pair.wire.sent.filter((sent) => sent.case === 'hello')).toEqual([]);
  letGo(pair.secondary);
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[0]]).toEqual([[], 3]);
});

test('rule 9: a half-open session at the primary gives way to the secondary that comes back', () => {
  const pair = livePair();
  const before = pair.primary.components.primary.session;
  pair.secondary.powerOff({ silent: true });
  expect(pair.primary.components.primary.session).toBe(before);
  pair.boot(pair.secondary);
  pair.untilSynchronized();
  expect(pair.primary.components.primary.session).not.toBe(before);
  expect(before?.session.ended).toBeDefined();
});

describe('rule 9: what no peer of this version sends', () => {
  const BAD: readonly (readonly [what: string, from: 'P' | 'S', bytes: (pair: Pair) => Uint8Array])[] = [
    ['bytes that are no frame', 'S', () => new Uint8Array([0xff, 0xff, 0xff, 0x07, 0x13])],
    ['an empty frame', 'P', () => new Uint8Array(0)],
    ['a frame for another volume', 'S', () => frame({ volume: 1, body: { case: 'heartbeat', value: {} } })],
    ['a session frame out of place', 'P', (pair) => inSession(pair, 'P', { case: 'opened', value: {} })],
    ['a grain beyond the volume', 'P', (pair) => inSession(pair, 'P', { case: 'grainData', value: { offsetBytes: 1n << 60n } }, 512)],
    ['a piece that leaves the volume', 'P', (pair) => inSession(pair, 'P', { case: 'grainData', value: { offsetBytes: (1n << 20n) - 512n } }, 1024)],
    ['half a block of a grain', 'P', (pair) => inSession(pair, 'P', { case: 'grainData', value: { offsetBytes: 100n } }, 100)],
    ['a grain that was not to be synchronized', 'P', (pair) => inSession(pair, 'P', { case: 'grainData', value: { offsetBytes: 0n } }, 512)],
    ['a marker that was not to be synchronized', 'P', (pair) => inSession(pair, 'P', { case: 'grainUnwritten', value: { firstGrain: 0n, grains: 1n } })],
    ['a run of markers beyond the volume', 'P', (pair) => inSession(pair, 'P', { case: 'grainUnwritten', value: { firstGrain: 250n, grains: 7n } })],
    ['a mirrored write beyond the volume', 'P', (pair) => inSession(pair, 'P', { case: 'mirrorWrite', value: { id: 900, offsetBytes: (1n << 20n) - 512n } }, 1024)],
    ['a mirrored write far beyond any volume', 'P', (pair) => inSession(pair, 'P', { case: 'mirrorWrite', value: { id: 900, offsetBytes: (1n << 63n) + 512n } }, 512)],
    ['a mirrored zero longer than any command', 'P', (pair) => inSession(pair, 'P', { case: 'mirrorZero', value: { id: 900, offsetBytes: 0n, lengthBytes: 1n << 40n } })],
    ['a request behind the request', 'S', (pair) => inSession(pair, 'S', { case: 'syncRequest', value: { runs: [{ firstGrain: 0n, grains: 1n }], last: true } })],
    ['an accept behind the accept', 'S', (pair) => inSession(pair, 'S', { case: 'accept', value: {} })],
  ];

  test.each(BAD)('rule 9: %s from %s costs the connection, and changes nothing', (_what, from, bytes) => {
    const pair = livePair();
    pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(1), true));
    pair.untilSwept();
    const sessions = pair.primary.durable.control?.identity.sessionCounter ?? 0n;
    pair.wire.inject(from, bytes(pair));
    pair.settle();
    pair.untilSwept();
    expect([pair.differingGrains(), dirtyGrains(pair.primary), dirtyGrains(pair.secondary)]).toEqual([[], [], []]);
    expect(pair.primary.durable.control?.identity.sessionCounter).toBe(sessions + 1n);
  });

  test('rule 9: acknowledgements that nobody waits for change nothing', () => {
    const pair = livePair();
    pair.wire.inject('S', inSession(pair, 'S', { case: 'mirrorDone', value: { id: 12345, status: 1 } }));
    pair.wire.inject('S', inSession(pair, 'S', { case: 'barrierDone', value: { id: 12345, status: 1 } }, 0, 1));
    pair.settle();
    expect(pair.primary.components.primary.session?.session.ended).toBeUndefined();
  });
});

describe('rule 9: a Hello', () => {
  test.each([
    ['with a load id of any length', { loadId: new Uint8Array(4000) }],
    ['with a counter at its end', { sessionCounter: (1n << 64n) - 1n }],
    ['with no room for a block in its frames', { maxPayloadBytes: 0 }],
    ['of another version', { version: 99 }],
  ])('rule 9: %s is refused, and the primary lives on', (_what, fields) => {
    const pair = new Pair();
    pair.establish();
    pair.wire.fault = (wireFrame) => (wireFrame.decode().body.case === 'hello' ? 'hold' : 'deliver');
    pair.connect(true);
    const [held] = pair.wire.heldFrames;
    const decoded = held?.decode();
    if (decoded?.body.case !== 'hello') throw new Error('no Hello was sent');
    Object.assign(decoded.body.value, fields);
    pair.wire.inject('S', toBinary(LinkFrameSchema, decoded));
    pair.settle();
    expect(pair.wire.sent.at(-1)).toMatchObject({ from: 'P', case: 'refusal' });
    expect(dirtyGrains(pair.primary)).toEqual([]);
    pair.wire.fault = undefined;
    pair.untilSynchronized();
  });
});

describe('rule 9: a Welcome', () => {
  test.each([
    ['with ids of any length', { relationshipId: new Uint8Array(4000) }],
    ['without a session', { session: 0n }],
    ['with no room for a block in its frames', { maxPayloadBytes: 17 }],
    ['of another version', { version: 99 }],
  ])('rule 9: %s opens nothing, and the secondary lives on', (_what, fields) => {
    const pair = new Pair();
    pair.establish();
    pair.wire.fault = (wireFrame) => (wireFrame.decode().body.case === 'welcome' ? 'hold' : 'deliver');
    pair.connect(true);
    const [held] = pair.wire.heldFrames;
    const decoded = held?.decode();
    if (decoded?.body.case !== 'welcome') throw new Error('no Welcome was sent');
    Object.assign(decoded.body.value, fields);
    pair.wire.fault = undefined;
    pair.wire.inject('P', toBinary(LinkFrameSchema, decoded));
    pair.settle();
    expect(pair.secondary.durable.control?.identity.generation).toBe(0n);
    pair.untilSynchronized();
  });
});

/** A frame that is the sender's next in the current session. */
function inSession(pair: Pair, from: 'P' | 'S', body: MessageInitShape<typeof LinkFrameSchema>['body'], payloadBytes = 0, ahead = 0): Uint8Array {
  const session = pair.primary.components.primary.session?.session.id ?? 0n;
  const sequence = pair.wire.sequenceAfter(from, session) + ahead;
  return frame({ session, sequence, body: body ?? { case: undefined }, payload: new Uint8Array(payloadBytes).fill(0xee) });
}
