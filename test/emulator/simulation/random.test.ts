import { expect, test } from 'vitest';
import { Random } from '../../../emulator/simulation/random.js';

test('one seed and stream give the same draws, another seed or stream other ones', () => {
  const draws = (seed: number, stream?: number): number[] => {
    const random = new Random(seed, stream);
    return Array.from({ length: 8 }, () => random.bits());
  };
  expect(draws(7)).toEqual(draws(7));
  expect(new Set([draws(7), draws(8), draws(7, 1), draws(7 + 2 ** 33)].map(String)).size).toBe(4);
  // The very draws, so that no machine and no change makes other scenarios of old seeds unnoticed.
  expect(draws(1).slice(0, 3)).toEqual([441792574, 614447336, 1644328534]);
});

test('whole numbers keep to their bounds, reach both, and are about evenly spread', () => {
  const random = new Random(3);
  const counts = new Map<number, number>();
  for (let i = 0; i < 6000; i += 1) {
    const value = random.between(-2, 3);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('chances of 0 and 1 are certain, and nothing is picked from nothing', () => {
  const random = new Random(4);
  for (let i = 0; i < 100; i += 1) expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  expect(() => random.pick([])).toThrow('nothing to pick from');
});
