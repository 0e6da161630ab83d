import { expect, test } from 'vitest';
import { geometryError, grainsOf, layoutOf } from '../../../firmware/metadata/nvram-layout.js';
import { geometryOf, LARGE_GEOMETRY, SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { livePair } from './worlds.js';

test('one seed in three has maps of several lines, and a last grain that is short', () => {
  const large = Array.from({ length: 300 }, (_, seed) => geometryOf(seed)).filter((geometry) => geometry === LARGE_GEOMETRY).length;
  expect(large).toBeGreaterThan(80);
  expect(large).toBeLessThan(120);
  expect(geometryOf(4711)).toBe(geometryOf(4711));
  expect([geometryError(SMALL_GEOMETRY), geometryError(LARGE_GEOMETRY)]).toEqual([undefined, undefined]);
  const { dirty, written, t0Written, storeSlots } = layoutOf(LARGE_GEOMETRY);
  expect([dirty, written, t0Written].map(({ lengthBytes }) => lengthBytes / 64)).toEqual([3, 3, 3]);
  expect([grainsOf(LARGE_GEOMETRY), storeSlots, LARGE_GEOMETRY.sizeBytes % LARGE_GEOMETRY.grainBytes]).toEqual([1100, 96, 4096]);
});

test('a write across a line of the maps, and one to the short last grain, come to the secondary', () => {
  const story = livePair(1, LARGE_GEOMETRY);
  const { watch, world } = story;
  const { blocks } = watch.primary;
  world.link.cut(false);
  watch.hosts.write(512 * 16 - 8, 16, true);
  watch.hosts.write(blocks - 12, 12, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  expect([511, 512, 1098, 1099].map((grain) => watch.primary.isDirty(grain))).toEqual([true, true, true, true]);
  expect([watch.primary.endBlockOf(1098), watch.primary.endBlockOf(1099), watch.primary.lengthBytesOf(1099)]).toEqual([1099 * 16, blocks, 4096]);
  world.link.restore();
  story.until('the pair is synchronized again', () => story.synchronized);
  watch.volumes.same();
  expect([512 * 16 - 8, 512 * 16 + 7, blocks - 1].map((block) => watch.secondary.content.block(block).markAt(block))).toEqual([1, 1, 2]);
});
