import { expect, test } from 'vitest';
import { SHORT_PIECES_UNSENT } from '../../../firmware/limits.js';
import { livePair, type Pair } from '../support/pair.js';

const KIB = 1024;
const GRAIN = 4 * KIB;
/** What a serial line at 115200 baud asks for. */
const PAYLOAD = 1 * KIB;

/** Counts what leaves from now on. */
function sentFrom(pair: Pair): { readonly case: string | undefined; readonly bytes: number }[] {
  const sent: { case: string | undefined; bytes: number }[] = [];
  pair.wire.fault = (frame) => {
    sent.push({ case: frame.decode().body.case, bytes: frame.bytes.length });
    return 'deliver';
  };
  return sent;
}

test('a request from a map in many pieces goes in frames as short as the line wants them', () => {
  const pair = livePair({ maxPayloadBytes: PAYLOAD, geometry: { sizeBytes: 8 * KIB * KIB, grainBytes: GRAIN, nvramBytes: 64 * KIB, storeBytes: 256 * KIB } });
  pair.command(pair.secondary, { case: 'stop', value: { access: true } });
  const grains = Array.from({ length: 200 }, (_, index) => 10 * index);
  for (const grain of grains) pair.finish(pair.secondary.write(grain * GRAIN, new Uint8Array(512).fill(1)));
  const sent = sentFrom(pair);
  pair.command(pair.secondary, { case: 'start', value: { discardSecondary: true } });
  pair.untilSynchronized();
  const requests = sent.filter((frame) => frame.case === 'syncRequest');
  expect(requests.length).toBeGreaterThan(2);
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThan(PAYLOAD + 100);
  expect(pair.differingGrains()).toEqual([]);
});

test("a host's write waits behind few pieces of grains on a line of short frames", () => {
  const pair = livePair({ maxPayloadBytes: PAYLOAD });
  pair.wire.cut();
  pair.finish(pair.primary.write(16 * GRAIN, new Uint8Array(128 * GRAIN).fill(1)));
  pair.wire.restore();
  const sent = sentFrom(pair);
  while (sent.filter((frame) => frame.case === 'grainData').length < 50) {
    if (!pair.move()) pair.pass(50);
  }
  const before = sent.length;
  const written = pair.primary.write(0, new Uint8Array(512).fill(2));
  pair.until('the write is mirrored', () => sent.some((frame) => frame.case === 'mirrorWrite'));
  const behind = sent.slice(before, sent.findIndex((frame) => frame.case === 'mirrorWrite'));
  expect(behind.filter((frame) => frame.case === 'grainData').length).toBeLessThanOrEqual(SHORT_PIECES_UNSENT);
  pair.finish(written);
  pair.untilSynchronized();
  expect(pair.differingGrains()).toEqual([]);
});
