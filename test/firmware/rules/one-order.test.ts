import { expect, test } from 'vitest';
import { HostSpan } from '../../../emulator/simulation/host-span.js';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { holding, letGo, writesVolume } from '../support/operations.js';
import { faultsOf, livePair, Pair } from '../support/pair.js';

const GRAIN = 4096;
/** Few, so that writes meet. */
const SPAN = new HostSpan([{ first: 0, count: 24 }]);
const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1);

test('rule 10: overlapping writes end in the order they were issued, on both cards, however late each step is', () => {
  for (const seed of SEEDS) {
    const pair = livePair({ seed, storm: true, watchCover: true, maxPayloadBytes: 1024 });
    const hosts = new SimHosts(pair.primary.board, 1, complaintsTo('data'));
    for (let i = 0; i < 60; i += 1) {
      if (hosts.underWay < 12) hosts.any(pair.random, SPAN);
      for (let moves = 0; moves < 20 && pair.move(); moves += 1);
      if (i === 30) pair.wire.cut(seed % 2 === 0);
      if (i === 45) pair.wire.restore();
    }
    pair.untilAnswered(hosts);
    hosts.flush();
    pair.untilAnswered(hosts);
    pair.untilSwept();
    // A flush behind everything leaves one allowed content for each block: the newest.
    expect([faultsOf(pair.primary, hosts), pair.differingGrains()]).toEqual([[], []]);
  }
});

test('rule 10: the later of two overlapping writes waits until the secondary has the earlier', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(0, new Uint8Array(GRAIN).fill(1), true));
  holding(pair.secondary, writesVolume);
  pair.wire.sent = [];
  const first = pair.primary.write(0, new Uint8Array(1024).fill(2));
  const second = pair.primary.write(512, new Uint8Array(1024).fill(3));
  const elsewhere = pair.primary.write(2048, new Uint8Array(512).fill(4));
  pair.settle();
  // What does not overlap does not wait.
  expect(pair.wire.sent.filter((frame) => frame.case === 'mirrorWrite')).toHaveLength(2);
  letGo(pair.secondary);
  for (const written of [first, second, elsewhere]) pair.finish(written);
  pair.untilSwept();
  const volume = pair.secondary.volume();
  expect([volume[0], volume[512], volume[1535], volume[1536], volume[2048]]).toEqual([2, 3, 3, 1, 4]);
});

/** A pair with grain 1 dirty, whose synchronization waits for the secondary's disk. */
function pairInResync(): Pair {
  const pair = livePair();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.wire.cut();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(2), true));
  pair.wire.restore();
  holding(pair.secondary, writesVolume);
  pair.until('the grain is on its way', () => pair.secondary.board.power.held.length > 0);
  return pair;
}

test('rule 10: a write waits until the resync of its grain is durably acknowledged', () => {
  const pair = pairInResync();
  const written = pair.primary.write(GRAIN + 512, new Uint8Array(512).fill(3));
  const elsewhere = pair.primary.write(8 * GRAIN, new Uint8Array(512).fill(4));
  pair.settle();
  expect(written.ended).toBe(false);
  expect(pair.primary.volume()[GRAIN + 512]).toBe(2);
  letGo(pair.secondary);
  pair.finish(written);
  pair.finish(elsewhere);
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[GRAIN + 512]]).toEqual([[], 3]);
});

test('rule 10: a resync of a grain waits for the writes in flight to it', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(GRAIN, new Uint8Array(GRAIN).fill(1), true));
  pair.untilSwept();
  pair.wire.cut();
  holding(pair.primary, writesVolume);
  const written = pair.primary.write(GRAIN, new Uint8Array(512).fill(2));
  pair.settle();
  pair.wire.restore();
  pair.wire.sent = [];
  pair.pass(3000);
  expect(pair.wire.sent.filter((frame) => frame.case === 'grainData')).toEqual([]);
  letGo(pair.primary);
  pair.finish(written);
  pair.untilSwept();
  expect(pair.differingGrains()).toEqual([]);
});

test('rule 10: a write over several grains and a resync of them never wait for each other', () => {
  const pair = livePair({ maxPayloadBytes: GRAIN });
  pair.finish(pair.primary.write(0, new Uint8Array(5 * GRAIN).fill(1), true));
  pair.wire.cut();
  pair.finish(pair.primary.write(0, new Uint8Array(5 * GRAIN).fill(2)));
  holding(pair.primary, (operation) => writesVolume(operation) && operation.offsetBytes === GRAIN);
  const short = pair.primary.write(GRAIN, new Uint8Array(512).fill(3));
  pair.settle();
  pair.wire.restore();
  // The resync has grain 0 and would have grain 1; the long write stands before it at grain 2.
  pair.until('the resync has begun', () => pair.primary.components.primary.session?.phase === 'copying');
  const long = pair.primary.write(GRAIN - 512, new Uint8Array(GRAIN + 1024).fill(4));
  pair.settle();
  letGo(pair.primary);
  pair.finish(short);
  pair.finish(long);
  pair.untilSwept();
  expect([pair.differingGrains(), pair.secondary.volume()[GRAIN]]).toEqual([[], 4]);
});

test('rule 10: what a host does to its memory after the completion changes nothing', () => {
  for (const seed of SEEDS) {
    const pair = livePair({ seed, storm: true, maxPayloadBytes: 1024 });
    for (let i = 0; i < 10; i += 1) {
      const memory = new Uint8Array(2 * GRAIN).fill(i + 1);
      pair.finish(pair.primary.write(i * GRAIN, memory, i % 2 === 0));
      memory.fill(0xee);
    }
    pair.untilSwept();
    for (const side of pair.sides) expect(side.volume().includes(0xee)).toBe(false);
    expect(pair.differingGrains()).toEqual([]);
  }
});
