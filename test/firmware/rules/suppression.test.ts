import { expect, test } from 'vitest';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { dirtyGrains, holding, letGo, persists } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';
import { fill } from '../support/contents.js';

const GRAIN = 4096;

test('rule 15: a loaded secondary is all dirty, suppressed, and its map beside that is empty', () => {
  const pair = seededPair();
  const { allDirty, suppressed, grainsOutOfSync } = pair.secondary.status();
  expect([allDirty, suppressed, grainsOutOfSync, dirtyGrains(pair.secondary)]).toEqual([true, true, 0n, []]);
});

test('rule 15: a suppressed secondary sees through to the primary\'s map: nothing else crosses', () => {
  const pair = seededPair();
  for (const grain of [3, 4, 200]) pair.finish(pair.primary.write(grain * GRAIN, new Uint8Array(GRAIN).fill(2)));
  pair.connect();
  pair.untilSwept();
  expect([pair.primary.status().grainsSynchronized, pair.differingGrains()]).toEqual([3n, []]);
  const { allDirty, suppressed } = pair.secondary.status();
  expect([allDirty, suppressed]).toEqual([false, false]);
});

test('rule 15: without suppression everything is asked for', () => {
  const pair = new Pair();
  pair.establish();
  pair.connect(true);
  pair.untilSynchronized();
  expect(pair.primary.status().grainsSynchronized).toBe(256n);
});

test('rule 15: damage at the secondary joins the request, suppressed flag or not', () => {
  const pair = seededPair({ geometry: { sizeBytes: 4 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 } });
  pair.finish(pair.primary.write(3 * GRAIN, new Uint8Array(GRAIN).fill(2)));
  const { dirty } = pair.secondary.durable.layout;
  pair.secondary.powerOff();
  // The second line of the map: grains 512 to 1023; what the disk holds there has gone bad as well.
  pair.secondary.board.nvram.content.damagedLines.add(dirty.offsetBytes / NVRAM_LINE_BYTES + 1);
  fill(pair.secondary.board.volume, 600 * GRAIN, new Uint8Array(GRAIN).fill(0xbb));
  pair.boot(pair.secondary);
  expect(pair.secondary.status().suppressed).toBe(true);
  pair.connect();
  pair.untilSwept();
  expect([pair.primary.status().grainsSynchronized, pair.differingGrains()]).toEqual([513n, []]);
});

/** So many grains that a scattered map does not fit one frame of the request. */
const SCATTERED: Geometry = { sizeBytes: 16 * 1024 * 1024, grainBytes: GRAIN, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 };

/** A pair whose secondary has writes of its own in every other grain of the first `grains`, given up by its operator. */
function pairWithScatteredFork(grains: number): Pair {
  const pair = livePair({ geometry: SCATTERED });
  pair.command(pair.secondary, { case: 'stop', value: { access: true } });
  for (let grain = 0; grain < grains; grain += 2) pair.finish(pair.secondary.write(grain * GRAIN, new Uint8Array(512).fill(9)));
  pair.wire.cut();
  pair.command(pair.secondary, { case: 'start', value: { discardSecondary: true } });
  return pair;
}

test('rule 15: a request of many frames is merged whole before the secondary may empty its map', () => {
  const grains = 2 * 1040;
  const pair = pairWithScatteredFork(grains);
  const { dirty } = pair.primary.durable.layout;
  // The last frame has 16 runs: were it merged on its own, it would overtake the first.
  holding(pair.primary, (operation) => persists(operation, dirty));
  pair.wire.sent = [];
  pair.wire.restore();
  pair.until('both frames are there', () => pair.wire.sent.filter((frame) => frame.case === 'syncRequest').length === 2);
  while (pair.secondary.components.requester.session?.phase === 'requested') {
    if (!pair.primary.board.power.releaseOne()) pair.pass(50);
    pair.settle();
  }
  // The secondary forgets: so everything is durable at the primary.
  expect(dirtyGrains(pair.primary).filter((grain) => grain < grains)).toHaveLength(grains / 2);
  letGo(pair.primary);
  pair.untilSwept();
  expect([pair.differingGrains(), dirtyGrains(pair.secondary), pair.secondary.volume()[0]]).toEqual([[], [], 0]);
});
