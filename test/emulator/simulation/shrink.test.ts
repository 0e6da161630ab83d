import { expect, test } from 'vitest';
import { FAULT_SETS, type Misfortune } from '../../../emulator/simulation/faults.js';
import { type Step, stepsOf } from '../../../emulator/simulation/scenario.js';
import { shrink } from '../../../emulator/simulation/shrink.js';

const ALL = FAULT_SETS['all']?.misfortunes ?? [];

const steps: readonly Step[] = Array.from({ length: 100 }, (_, seed) => ({ kind: 'hosts', seed }));
const holds = (kept: readonly Step[], seeds: readonly number[]): boolean => seeds.every((seed) => kept.some((step) => step.seed === seed));

test.each([[[17]], [[3, 96]], [[0, 50, 51, 99]]])('leaves just the steps %j that the failure needs', (needed) => {
  expect(shrink(steps, (kept) => holds(kept, needed)).map(({ seed }) => seed)).toEqual(needed);
});

test('leaves all where each is needed, and ends', () => {
  let tries = 0;
  const kept = shrink(steps, () => {
    tries += 1;
    return false;
  });
  expect([kept.length, tries <= 400]).toEqual([100, true]);
});

test('a step is the same whatever stands before it', () => {
  expect(stepsOf(5, 50, ALL)).toEqual(stepsOf(5, 80, ALL).slice(0, 50));
});

test('a set of faults leaves out what has to befall the pair, and nothing that hosts and operators do', () => {
  const kinds = (misfortunes: readonly Misfortune[]): string[] => [...new Set(stepsOf(5, 500, misfortunes).map(({ kind }) => kind))].sort();
  expect(kinds([])).toEqual(['fork', 'hosts', 'meddle', 'offerMedium', 'operator', 'quiet', 'zeroMost'].filter((kind) => kinds(ALL).includes(kind)));
  expect(kinds(['line']).filter((kind) => !kinds([]).includes(kind)).every((kind) => kind.endsWith('Line'))).toBe(true);
});
