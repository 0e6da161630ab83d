import { describe, expect, test } from 'vitest';
import { TriedStates } from '../../../../emulator/simulation/exhaustive/tried-states.js';

const LARGEST = 2 ** 53 - 1;

describe('TriedStates', () => {
  test('lets a state be tried once, and once more by whoever is more thorough', () => {
    const tried = new TriedStates(TriedStates.memoryFor(100));
    for (const state of [0, 1, 77, 2 ** 32, 2 ** 32 + 77, 2 ** 31, LARGEST]) {
      expect(tried.claim(state, 1)).toBe('new');
      expect(tried.claim(state, 1)).toBe('known');
      expect(tried.claim(state, 0)).toBe('known');
      expect(tried.claim(state, 2)).toBe('better');
      expect(tried.claim(state, 2)).toBe('known');
      expect(tried.claim(state, 1)).toBe('known');
    }
  });

  test('tells states apart that have the same place', () => {
    const tried = new TriedStates(TriedStates.memoryFor(6));
    const slots = tried.memory.byteLength / 8;
    const states = Array.from({ length: slots }, (_, index) => 5 + index * slots);
    expect(states.map((state) => tried.claim(state, 0))).toEqual(states.map(() => 'new'));
    expect(states.map((state) => tried.claim(state, 0))).toEqual(states.map(() => 'known'));
    expect(() => tried.claim(6, 0)).toThrow('more crash states than can be told apart');
  });

  test('is one table for all who have its memory', () => {
    const memory = TriedStates.memoryFor(100);
    expect(new TriedStates(memory).claim(5, 2)).toBe('new');
    expect(new TriedStates(memory).claim(5, 2)).toBe('known');
  });

  test('has room for as many as were asked for, within a limit', () => {
    expect(new TriedStates(TriedStates.memoryFor(1_000)).room).toBeGreaterThanOrEqual(1_000);
    expect(new TriedStates(TriedStates.memoryFor()).room).toBe(0.75 * 2 ** 26);
  });
});
