import { expect, test } from 'vitest';
import { chaos } from '../support/chaos.js';

const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);

test('rule 1: every grain that could differ is marked, at every effect and after every cut, whichever card loses power', () => {
  for (const seed of SEEDS) chaos({ seed, cuts: ['primary'] });
  for (const seed of SEEDS) chaos({ seed, cuts: ['secondary'] });
  for (const seed of SEEDS) chaos({ seed, cuts: ['primary', 'secondary'] });
});
test('line', () => {
  for (const seed of SEEDS) chaos({ seed, lineFaults: true });
});
test('ops', () => {
  for (const seed of SEEDS) chaos({ seed, operators: true, lineFaults: true });
});
test('damage', () => {
  for (const seed of SEEDS) chaos({ seed, cuts: ['primary', 'secondary'], damage: true });
});
test('all', () => {
  let cuts = 0
  for (const seed of SEEDS) cuts += chaos({ seed, cuts: ['primary', 'secondary'], operators: true, lineFaults: true, steps: 120 }).cuts;
  expect(cuts).toBeGreaterThan(0);
});
