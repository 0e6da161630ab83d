import { expect, it } from 'vitest';
import { addUp, spansOf } from '../../../emulator/cli/simulate/results.js';

const conditions = { faults: 'all', judge: 'rules', firmware: 'f', simulator: 'first' };
const run = { ...conditions, spans: [[1, 4]] as const, seeds: 4, failedSeeds: [2, 3], events: 10, simulatedHours: 1, seconds: 1, marks: { 'medium loaded': 2 } };
const repetition = { ...run, simulator: 'mended', spans: [[2, 2]] as const, seeds: 1, failedSeeds: [] };

it('says which seeds were run, in whatever order they ended', () => {
  expect(spansOf([7, 3, 1, 2, 9, 8])).toEqual([[1, 3], [7, 9]]);
  expect(spansOf([])).toEqual([]);
});

it('says how many seeds each simulator has run', () => {
  expect(addUp([run, { ...run, simulator: 'mended', spans: [[5, 8]] }]).simulators).toEqual({ first: 4, mended: 4 });
});

it('closes a failure whose seed has ended well since, and counts the seed once', () => {
  expect(addUp([run, repetition])).toMatchObject({ seeds: 4, failedSeeds: 2, openFailures: [3], events: 10, simulators: { first: 4 }, marks: { 'medium loaded': 2 } });
});

it('leaves a failure open that failed again, or whose seed was run otherwise', () => {
  expect(addUp([run, { ...repetition, failedSeeds: [2] }]).openFailures).toEqual([3, 2]);
  expect(addUp([run, { ...repetition, judge: 'data' }]).openFailures).toEqual([2, 3]);
});
