import { expect, test } from 'vitest';
import { PossibleContent } from '../../../emulator/simulation/possible-content.js';

test('a block may hold what it held for certain, or what was said since', () => {
  const content = new PossibleContent(Int32Array.of(5, 0, 7));
  content.set(2, [7, 8]);
  expect([0, 1, 2].map(content.at)).toEqual([[5], [0], [7, 8]]);
  expect([content.admits(0, 5), content.admits(0, 7), content.admits(1, 0), content.admits(2, 8), content.admits(2, 5)]).toEqual([true, false, true, true, false]);
});

test('a copy is changed apart', () => {
  const content = new PossibleContent(Int32Array.of(5, 6));
  content.set(0, [5, 9]);
  const copy = content.copy();
  copy.set(1, [1]);
  content.set(0, [2]);
  expect([copy.at(0), copy.at(1), content.at(0), content.at(1)]).toEqual([[5, 9], [1], [2], [6]]);
});
