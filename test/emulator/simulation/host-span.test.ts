import { expect, test } from 'vitest';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { LARGE_GEOMETRY, SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { hostSpanOf } from '../../../emulator/simulation/host-span.js';
import { Random } from '../../../emulator/simulation/random.js';

const GRAIN_BLOCKS = 16;

test('hosts write in few places, from the start of a small volume', () => {
  const ends = Array.from({ length: 40 }, (_, seed) => {
    const random = new Random(seed);
    const places = Array.from({ length: 50 }, () => hostSpanOf(seed, SMALL_GEOMETRY).place(random, 96));
    return Math.max(...places.map(({ first, count }) => first + count));
  });
  expect(Math.min(...ends)).toBe(48);
  expect(Math.max(...ends)).toBeLessThanOrEqual(SMALL_GEOMETRY.sizeBytes / BLOCK_BYTES);
});

test('and where lines of the maps end, and the volume, of a large one', () => {
  const blocks = LARGE_GEOMETRY.sizeBytes / BLOCK_BYTES;
  const random = new Random(1);
  const crossed = new Set<number>();
  for (let seed = 0; seed < 40; seed += 1) {
    const span = hostSpanOf(seed, LARGE_GEOMETRY);
    for (let i = 0; i < 100; i += 1) {
      const { first, count } = span.place(random, 16);
      expect(first + count).toBeLessThanOrEqual(blocks);
      for (const end of [512 * GRAIN_BLOCKS, 1024 * GRAIN_BLOCKS]) if (first < end && first + count > end) crossed.add(end);
      if (first + count === blocks) crossed.add(blocks);
    }
  }
  expect([...crossed].sort((a, b) => a - b)).toEqual([512 * GRAIN_BLOCKS, 1024 * GRAIN_BLOCKS, blocks]);
});
