import { expect, test } from 'vitest';
import { GrainSet } from '../../../emulator/simulation/grain-set.js';

test('grains are added once, and none that the volume does not have', () => {
  const set = new GrainSet(20);
  expect([set.add(3), set.add(3), set.add(19), set.add(20)]).toEqual([true, false, true, false]);
  expect([set.has(3), set.has(4), set.has(19), set.has(20)]).toEqual([true, false, true, false]);
  expect(set.size).toBe(2);
});

test('of the last eight only those that there are', () => {
  const set = new GrainSet(20);
  set.addOfEight(8, 0b101);
  set.addOfEight(16, 0xff);
  expect([8, 9, 10, 16, 19, 20].map((grain) => set.has(grain))).toEqual([true, false, true, true, true, false]);
  expect(set.size).toBe(6);
});

test('the first that another does not have', () => {
  const [set, other] = [new GrainSet(40), new GrainSet(40)];
  expect(set.firstNotIn(other)).toBeUndefined();
  for (const grain of [2, 17, 18, 39]) set.add(grain);
  for (const grain of [2, 17, 38]) other.add(grain);
  expect(set.firstNotIn(other)).toBe(18);
  other.add(18);
  expect(set.firstNotIn(other)).toBe(39);
  other.add(39);
  expect(set.firstNotIn(other)).toBeUndefined();
});
