import { expect, test } from 'vitest';
import { missedMarks, REQUIRED_MARKS } from '../../../emulator/simulation/required-marks.js';

test('names what was not reached', () => {
  const all = Object.fromEntries(REQUIRED_MARKS.map((name) => [name, 1]));
  expect(missedMarks(all)).toEqual([]);
  expect(missedMarks({ ...all, 'load resumed': 0 })).toEqual(['load resumed']);
  expect(missedMarks({})).toEqual([...REQUIRED_MARKS]);
});

test('names each once', () => {
  expect(new Set(REQUIRED_MARKS).size).toBe(REQUIRED_MARKS.length);
});
